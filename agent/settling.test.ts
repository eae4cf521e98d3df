import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { QUIET_MS, SETTLE_MS_MAX, Settling } from './settling.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function world() {
  const settling = new Settling()
  let isDone = false
  void settling.done.then(() => (isDone = true))
  const after = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms)
    return isDone
  }
  return { settling, after }
}

test('it is done at once when the prompt is seen', async () => {
  const { settling, after } = world()
  settling.printed(true)
  expect(await after(0)).toBe(true)
})

test('it is done 250 ms after the last output, not before', async () => {
  const { settling, after } = world()
  settling.printed(false)
  expect(await after(QUIET_MS - 1)).toBe(false)
  settling.printed(false)
  expect(await after(QUIET_MS - 1)).toBe(false)
  expect(await after(1)).toBe(true)
})

test('without any output it is done after 5 s, not before', async () => {
  const { after } = world()
  expect(await after(SETTLE_MS_MAX - 1)).toBe(false)
  expect(await after(1)).toBe(true)
})

test('output without a pause does not put it off for longer than that', async () => {
  const { settling, after } = world()
  for (let ms = 0; ms < SETTLE_MS_MAX; ms += QUIET_MS / 2) {
    settling.printed(false)
    await after(QUIET_MS / 2)
  }
  expect(await after(0)).toBe(true)
})
