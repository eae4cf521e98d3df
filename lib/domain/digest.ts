import { err, ok, type Result } from './result.ts'

declare const checked: unique symbol

/** What bytes are called: `sha256:` and 64 lower-case hex digits. Made only by {@link digest} and {@link digestOfHex}. */
export type Digest = `sha256:${string}` & { readonly [checked]: true }

export type BadDigest = { readonly code: 'bad_digest'; readonly digest: string }

const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Other algorithms, upper case and short forms are refused: one thing has one name. */
export function digest(text: string): Result<Digest, BadDigest> {
  // The one cast: the text was just checked. A long one is cut, so that it can be shown.
  return DIGEST.test(text) ? ok(text as Digest) : err({ code: 'bad_digest', digest: text.slice(0, 100) })
}

/** The 64 digits behind the algorithm's name, as file names and S3 checksums want them. */
export const digestHex = (digest: Digest): string => digest.slice('sha256:'.length)

/** From the hex of a hash that we made ourselves; anything else is a fault of ours. */
export function digestOfHex(hex: string): Digest {
  const made = digest(`sha256:${hex}`)
  if (!made.ok) throw new Error(`Cannot name bytes by "${made.error.digest}": it is no sha256`)
  return made.value
}
