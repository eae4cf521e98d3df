import fc from 'fast-check'
import { expect, test } from 'vitest'

import { LSP_INPUT_BYTES_MAX } from '#lib/protocol/sizes.ts'

import { AHEAD_BYTES_MAX, InputQueue } from './input-queue.ts'

/** A task that takes what it is told to take. */
function world() {
  const queue = new InputQueue()
  let [got, taken, aheadMax] = [Buffer.alloc(0), 0, 0]
  queue.open({
    input(offset, bytes) {
      expect(offset).toBe(got.length)
      expect(bytes.length).toBeGreaterThan(0)
      got = Buffer.concat([got, bytes])
      aheadMax = Math.max(aheadMax, got.length - taken)
    },
  })
  return {
    queue,
    got: () => got,
    aheadMax: () => aheadMax,
    take(bytes: number) {
      taken = Math.min(got.length, taken + bytes)
      queue.taken(taken)
    },
    takeAll() {
      for (let before = -1; before < got.length; queue.taken((taken = got.length))) before = got.length
    },
  }
}

const piece = fc.record({ say: fc.nat(100_000), take: fc.nat(100_000) })

test('whatever the pieces, and however slowly they are read, all bytes come once and in order', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
      const { queue, got, aheadMax, take, takeAll } = world()
      const said: Buffer[] = []
      for (const [n, { say, take: bytes }] of pieces.entries()) {
        const text = Buffer.alloc(say, `${n} and `)
        if (queue.push(text)) said.push(text)
        take(bytes)
      }
      takeAll()

      expect(got().equals(Buffer.concat(said))).toBe(true)
      expect(aheadMax()).toBeLessThanOrEqual(AHEAD_BYTES_MAX)
    }),
    { numRuns: 50 },
  )
})

test('as much as may wait waits, and not a byte more', () => {
  const { queue, take } = world()

  expect(queue.push(Buffer.alloc(LSP_INPUT_BYTES_MAX))).toBe(true)
  expect(queue.push(Buffer.alloc(0))).toBe(true)
  expect(queue.push(Buffer.alloc(1))).toBe(false)
  take(1)
  expect(queue.push(Buffer.alloc(1))).toBe(true)
})

test('what waits is a copy, so that no message lives as long as one of its bytes', () => {
  const { queue, got, takeAll } = world()
  queue.push(Buffer.alloc(AHEAD_BYTES_MAX, 'a'))
  const message = Buffer.from('first')
  queue.push(message)
  message.fill('x')
  takeAll()

  expect(got().subarray(AHEAD_BYTES_MAX).toString()).toBe('first')
})

test('a task that comes after gets nothing that was meant for the one before', () => {
  const { queue } = world()
  queue.push(Buffer.alloc(AHEAD_BYTES_MAX + 1))
  const heard: number[] = []
  queue.open({ input: (offset, bytes) => void heard.push(offset, bytes.length) })
  queue.push(Buffer.from('new'))

  expect(heard).toEqual([0, 3])
})
