import { createHash } from 'node:crypto'

/** Printed once the program reads keys as they come. */
export const READY = 'ready for keys\n'

/**
 * Answers each key with 64 letters made of that key and all before it: one that is lost, doubled or late changes all that
 * follow.
 */
export const PROGRAM = `import hashlib, os, sys, tty
tty.setraw(0)
sys.stdout.write(${JSON.stringify(READY)})
sys.stdout.flush()
sum = b''
while True:
    for key in os.read(0, 4096):
        sum = hashlib.sha256(sum + bytes([key])).digest()
        sys.stdout.write(sum.hex())
    sys.stdout.flush()
`

/** In bytes. What came in place of something else is lost, and what came beyond all answers came twice. */
export type Account = { readonly lost: number; readonly duplicated: number }

/** What has to come for the keys that were typed, against what came. */
export function knownStream() {
  let sum = Buffer.alloc(0)
  let expected = Buffer.alloc(0)
  let begin = 0
  let next = 0
  let [skipped, repeated, wrong] = [0, 0, 0]

  return {
    /** Answers begin at this offset of the session's output. */
    beginAt(offset: number): void {
      begin = next = offset
    },
    typed(key: Uint8Array): void {
      sum = createHash('sha256').update(sum).update(key).digest()
      expected = Buffer.concat([expected, Buffer.from(sum.toString('hex'))])
    },
    /** As they came off the wire. True when some of them are new. */
    came(offset: number, bytes: Uint8Array): boolean {
      const end = offset + bytes.length
      skipped += Math.max(0, offset - next)
      repeated += Math.max(0, Math.min(next, end) - offset)
      const fresh = bytes.subarray(Math.max(0, next - offset))
      const at = Math.max(next, offset) - begin
      wrong += fresh.reduce((count, byte, n) => count + (expected[at + n] === undefined || expected[at + n] === byte ? 0 : 1), 0)
      const isNew = end > next
      next = Math.max(next, end)
      return isNew
    },
    /** The first offset that has not come. */
    next: () => next,
    isComplete: () => next - begin >= expected.length,
    account: (): Account => ({
      lost: skipped + wrong + Math.max(0, expected.length - (next - begin)),
      duplicated: repeated + Math.max(0, next - begin - expected.length),
    }),
  }
}
