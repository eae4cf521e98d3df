import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryLog, memoryMetrics } from '#lib/adapters/memory/log.ts'
import type { SessionId } from '#lib/domain/ids.ts'

import { python } from '../testing/world.ts'
import { LOOK_MS, LOOKS, watchBusy } from './busy-watch.ts'

/** A session that uses so much of its processor and prints so much, in each minute told. */
function world() {
  const [clock, log, metrics] = [memoryClock(), memoryLog(), memoryMetrics()]
  const state = { cpuMs: 0, printed: 0, isGone: false }
  const session = {
    id: 's'.repeat(32) as SessionId,
    language: python,
    meter: () =>
      state.isGone
        ? Promise.reject(new Error('gone'))
        : Promise.resolve({ cpuMs: state.cpuMs, peakBytes: 0, oomKills: 0, forksRefused: 0 }),
    get printed() {
      return state.printed
    },
  }
  const stop = watchBusy({ clock, log, metrics }, () => [session])
  return {
    state,
    stop,
    told: () => log.events.filter(({ event }) => event.includes('computes')),
    async minute(share: number, printed: number) {
      state.cpuMs += share * LOOK_MS
      state.printed += printed
      clock.advance(LOOK_MS)
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    },
  }
}

test('who computes for minutes and says nothing is told of, once', async () => {
  const { minute, told } = world()
  await minute(1, 0) // the first look has nothing to compare with
  for (let n = 1; n < LOOKS; n++) await minute(1, 10)
  expect(told()).toEqual([])

  for (let n = 0; n < 10; n++) await minute(0.9, 10)

  expect(told()).toMatchObject([{ fields: { lang: 'python', minutes: LOOKS } }])
})

test.each([
  ['a long compile that ends', (n: number) => (n < LOOKS ? [1, 0] : [0.01, 100])],
  ['one that prints what it finds', () => [1, 100_000]],
  ['a prompt that nobody uses', () => [0, 0]],
  ['a game that waits for its player', () => [0.3, 500]],
] as const)('%s is not', async (_, does) => {
  const { minute, told } = world()
  for (let n = 0; n < 3 * LOOKS; n++) {
    const [share = 0, printed = 0] = does(n)
    await minute(share, printed)
  }

  expect(told()).toEqual([])
})

test('a program that is begun anew begins anew here too, and a sandbox that is gone is no fault', async () => {
  const { state, minute, told } = world()
  for (let n = 0; n < LOOKS; n++) await minute(1, 0)
  state.cpuMs = 0
  await minute(0.1, 0)
  state.isGone = true
  await minute(1, 0)
  state.isGone = false
  for (let n = 1; n < LOOKS; n++) await minute(1, 0)

  expect(told()).toEqual([])
})

test('after the stop nobody looks any more', async () => {
  const { stop, minute, told } = world()
  stop()
  for (let n = 0; n < 3 * LOOKS; n++) await minute(1, 0)

  expect(told()).toEqual([])
})
