import type { SignInProvider } from '#lib/application/ports/sign-in-provider.ts'
import type { PlainAssets } from '../plain/document.ts'

export type SiteSettings = {
  /** Whether people come by TLS. */
  readonly isSecure: boolean
  /** Further origins whose pages are ours. */
  readonly origins: readonly string[]
  /** By whose word people sign in; undefined where none is configured. */
  readonly provider: SignInProvider | undefined
  /** Whom it knows by these ids are admins. */
  readonly admins: readonly string[]
  readonly assets: PlainAssets
}
