import type { Digest } from './digest.ts'
import type { LangId } from './ids.ts'

/** What a sandbox stands on, where it does not stand on the machine itself: a built image and a released agent. */
export type Foundation = {
  /** Whose image it is: it lies in this language's repository. */
  readonly lang: LangId
  /** Of the image's manifest. */
  readonly image: Digest
  /** The version of an agent release. */
  readonly agent: string
}
