import { createHash } from 'node:crypto'
import { pipeline, type Readable, Transform } from 'node:stream'

import { type Digest, digestOfHex } from '#lib/domain/digest.ts'

/** Counts and hashes bytes as they pass. */
export function tally() {
  const hash = createHash('sha256')
  let size = 0
  return {
    take(chunk: Uint8Array): void {
      size += chunk.length
      hash.update(chunk)
    },
    size: () => size,
    /** Once, at the end. */
    digest: (): Digest => digestOfHex(hash.digest('hex')),
  }
}

export type Expected = { readonly digest: Digest; readonly size: number }

/** The same bytes; the stream fails when they become too many, or at the end when they were others. Destroying it destroys the source. */
export function verified(source: Readable, expected: Expected, what: string): Readable {
  const seen = tally()
  const wrong = (how: string) => new Error(`Cannot read ${what}: ${how}`)
  const check = new Transform({
    transform(chunk: Buffer, _, next) {
      seen.take(chunk)
      if (seen.size() > expected.size) next(wrong(`there is more than its ${expected.size} bytes`))
      else next(null, chunk)
    },
    flush(done) {
      if (seen.size() < expected.size) return done(wrong(`it ends after ${seen.size()} of ${expected.size} bytes`))
      const digest = seen.digest()
      done(digest === expected.digest ? null : wrong(`its bytes are ${digest}, not ${expected.digest}`))
    },
  })
  pipeline(source, check, () => undefined) // a failure of either destroys both; the reader sees it on `check`
  return check
}
