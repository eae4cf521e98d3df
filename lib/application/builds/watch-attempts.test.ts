import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import type { LiveAttempt } from '#lib/application/ports/build-queue.ts'
import { newBuildId } from '#lib/application/testing/builds.ts'
import { LOST_AFTER_MS, watchAttempts } from './watch-attempts.ts'

function world() {
  const clock = memoryClock()
  const lost: string[] = []
  let live: LiveAttempt[] = []
  const queue = {
    live: async () => live,
    async lose({ build }: LiveAttempt, reason: string) {
      lost.push(`${build}: ${reason}`)
      live = live.filter((attempt) => attempt.build !== build)
      return { build: 'going_on' } as const
    },
  }
  const watch = watchAttempts({ queue, clock, log: memoryLog() })
  const attempt = (beats: number): LiveAttempt => ({
    build: newBuildId(),
    step: 'image',
    number: 1,
    builder: 'far',
    beats,
    timeoutMs: 1,
  })
  return {
    ...{ clock, lost, watch, attempt },
    nowLive: (...attempts: LiveAttempt[]) => void (live = attempts),
    async look(laterMs: number) {
      clock.advance(laterMs)
      await watch.look()
    },
  }
}

test('a worker whose heartbeat stands still for a minute is given up, not before', async () => {
  const { nowLive, look, lost, attempt } = world()
  const still = attempt(3)
  nowLive(still)
  await look(0)
  await look(LOST_AFTER_MS - 1)
  expect(lost).toEqual([])
  await look(1)
  expect(lost).toEqual([`${still.build}: Nothing was heard of far for 60 s`])
})

test('one that is heard of in time lives on, however long it takes', async () => {
  const { nowLive, look, lost, attempt } = world()
  const beating = attempt(0)
  for (let beats = 0; beats < 100; beats++) {
    nowLive({ ...beating, beats })
    await look(LOST_AFTER_MS - 1)
  }
  expect(lost).toEqual([])
})

test('who has just begun to watch gives everybody a whole minute', async () => {
  const { nowLive, look, lost, attempt } = world()
  nowLive(attempt(0))
  await look(10 * LOST_AFTER_MS) // the first look, however late
  expect(lost).toEqual([])
})

test('looks by itself until it is stopped', async () => {
  const { clock, watch } = world()
  expect(clock.pending()).toBe(1)
  watch.stop()
  expect(clock.pending()).toBe(0)
})
