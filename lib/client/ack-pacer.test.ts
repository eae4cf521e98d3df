import { expect, test } from 'vitest'

import { OUTPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

import { ACK_BYTES, ACK_DELAY_MS, ackPacer } from './ack-pacer.ts'

function world() {
  const sent: number[] = []
  const timers: { ms: number; call: () => void; isCancelled: boolean }[] = []
  const pacer = ackPacer(
    (offset) => sent.push(offset),
    (ms, call) => {
      const timer = { ms, call, isCancelled: false }
      timers.push(timer)
      return () => (timer.isCancelled = true)
    },
  )
  const ring = () => timers.splice(0).forEach((timer) => timer.isCancelled || timer.call())
  return { pacer, sent, timers, ring }
}

test('an acknowledgement is due well within the window, and within 50 ms', () => {
  expect(ACK_BYTES * 2).toBeLessThanOrEqual(OUTPUT_WINDOW_BYTES)
  expect(ACK_DELAY_MS).toBeLessThanOrEqual(50)
})

test('enough bytes are acknowledged at once, one byte fewer waits', () => {
  const { pacer, sent, timers, ring } = world()

  pacer.drawn(ACK_BYTES - 1)
  expect(sent).toEqual([])
  expect(timers.map(({ ms }) => ms)).toEqual([ACK_DELAY_MS])
  pacer.drawn(ACK_BYTES)
  expect(sent).toEqual([ACK_BYTES])
  ring()
  expect(sent).toEqual([ACK_BYTES])
})

test('a few bytes share one acknowledgement of the last', () => {
  const { pacer, sent, timers, ring } = world()
  pacer.drawn(1)
  pacer.drawn(2)
  pacer.drawn(3)
  expect(timers).toHaveLength(1)

  ring()

  expect(sent).toEqual([3])
})

test('a restart forgets what was not told', () => {
  const { pacer, sent, ring } = world()
  pacer.drawn(5)

  pacer.restart(100)
  ring()
  pacer.drawn(100)
  ring()

  expect(sent).toEqual([])
})
