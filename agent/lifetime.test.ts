import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Lifetime, ORPHAN_MS } from './lifetime.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function world() {
  let left = 0
  const lifetime = new Lifetime(() => left++)
  return { lifetime, left: () => left }
}

test('without any connection it leaves after 120 s and not before', () => {
  const { left } = world()

  vi.advanceTimersByTime(ORPHAN_MS - 1)
  expect(left()).toBe(0)
  vi.advanceTimersByTime(1)
  expect(left()).toBe(1)
})

test('a connection keeps it, and the count begins anew when that is lost', () => {
  const { lifetime, left } = world()
  lifetime.connected()
  vi.advanceTimersByTime(10 * ORPHAN_MS)
  lifetime.disconnected()
  vi.advanceTimersByTime(ORPHAN_MS - 1)
  expect(left()).toBe(0)
  vi.advanceTimersByTime(1)
  expect(left()).toBe(1)
})

test('at the end of the life it leaves, connected or not', () => {
  const { lifetime, left } = world()
  lifetime.connected()
  lifetime.claimed(3_600_000)
  vi.advanceTimersByTime(3_599_999)
  expect(left()).toBe(0)
  vi.advanceTimersByTime(1)
  expect(left()).toBe(1)
})

test('a life longer than a timer can be is not a short one', () => {
  const { lifetime, left } = world()
  lifetime.connected()
  lifetime.claimed(2 ** 40)
  vi.advanceTimersByTime(ORPHAN_MS)
  expect(left()).toBe(0)
})
