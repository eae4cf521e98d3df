import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'

import { knownStream } from './known-stream.ts'

/** A stream that begins at offset 100, after some keys, and the bytes that answer them. */
function world(keys: string) {
  const stream = knownStream()
  stream.beginAt(100)
  let sum = Buffer.alloc(0)
  const answers = [...keys].map((key) => {
    stream.typed(Buffer.from(key))
    sum = createHash('sha256').update(sum).update(key).digest()
    return Buffer.from(sum.toString('hex'))
  })
  return { stream, bytes: Buffer.concat(answers) }
}

test('what was answered and came once is neither lost nor duplicated', () => {
  const { stream, bytes } = world('abc')
  stream.came(100, bytes.subarray(0, 70))
  expect(stream.isComplete()).toBe(false)
  stream.came(170, bytes.subarray(70))
  expect(stream.isComplete()).toBe(true)
  expect(stream.account()).toEqual({ lost: 0, duplicated: 0 })
})

test.each<[string, (bytes: Buffer) => [number, Buffer][], { lost: number; duplicated: number }]>([
  ['what never came is lost', (bytes) => [[100, bytes.subarray(0, 182)]], { lost: 10, duplicated: 0 }],
  ['a gap is lost', (bytes) => [[105, bytes.subarray(5)]], { lost: 5, duplicated: 0 }],
  [
    'what comes again is duplicated',
    (bytes) => [
      [100, bytes.subarray(0, 100)],
      [190, bytes.subarray(90)],
    ],
    { lost: 0, duplicated: 10 },
  ],
  [
    'what nobody asked for is duplicated',
    (bytes) => [[100, Buffer.concat([bytes, bytes.subarray(0, 64)])]],
    { lost: 0, duplicated: 64 },
  ],
  ['another byte than expected is lost', (bytes) => [[100, Buffer.from(bytes).fill('!', 7, 9)]], { lost: 2, duplicated: 0 }],
])('%s', (_, pieces, account) => {
  const { stream, bytes } = world('abc')
  for (const [offset, piece] of pieces(bytes)) stream.came(offset, piece)
  expect(stream.account()).toEqual(account)
})

test('after a key that the program did not get, hardly a byte is right', () => {
  const { stream } = world('abcd')
  const { bytes } = world('acd')
  stream.came(100, bytes)
  expect(stream.account().lost).toBeGreaterThan(64 + 100)
})
