import type { LangId } from '#lib/domain/ids.ts'
import type { Found } from '#lib/application/languages/find-language.ts'
import type { Listed } from '#lib/application/languages/readiness.ts'

export type { Found, Listed }

/** What pages and route handlers may ask of the running server. */
export type Services = {
  /** Every language, by name. */
  languages(): readonly Listed[]
  find(name: string): Found
  /** The version that a language really has here, once somebody has asked. */
  version(id: LangId): string | undefined
  health(): Promise<Health>
  metrics(): Promise<string>
}

/** `failed` names self-test cases and parts that do not answer. */
export type Health = {
  readonly live: boolean
  readonly ready: boolean
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>
}

// The server's own modules and Next's bundles are not the same instances; the global symbol table is.
const KEY = Symbol.for('dragoman.services')
type Holder = { [KEY]?: Services }

export function provideServices(services: Services): void {
  ;(globalThis as Holder)[KEY] = services
}

export function services(): Services {
  const found = (globalThis as Holder)[KEY]
  if (!found) throw new Error('Cannot serve a page: the server has not handed its services over')
  return found
}
