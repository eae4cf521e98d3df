import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { LOOK_MS, SECOND_LOOK_MS, watchMemory } from './memory-watch.ts'

const MAX = 100
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What each look sees, in turn; the last one goes on. */
function watched(...bytes: number[]) {
  let looks = 0
  const spent = vi.fn<() => void>()
  const watch = watchMemory(() => bytes[Math.min(looks++, bytes.length - 1)] ?? 0, MAX, spent)
  return { watch, spent }
}

test('what is over its memory at two looks has spent it', () => {
  const { spent } = watched(MAX, MAX + 1)
  vi.advanceTimersByTime(LOOK_MS * 2 + SECOND_LOOK_MS - 1)
  expect(spent).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(spent).toHaveBeenCalledOnce()
})

test('what is over it for a moment, as one that forks, has not', () => {
  const { spent } = watched(2 * MAX, MAX, 2 * MAX, MAX, 0)
  vi.advanceTimersByTime(LOOK_MS * 10)
  expect(spent).not.toHaveBeenCalled()
})

test('nobody looks any more when it has ended', () => {
  const { watch, spent } = watched(2 * MAX)
  vi.advanceTimersByTime(LOOK_MS)
  watch.stop()
  vi.advanceTimersByTime(LOOK_MS * 10)
  expect(spent).not.toHaveBeenCalled()
})
