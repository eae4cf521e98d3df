import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'

import { watchDescriptors } from './descriptors.ts'

test('who runs short lets in no session, later no socket, and both again when there are some', () => {
  const clock = memoryClock()
  let open = 80
  const watch = watchDescriptors(clock, () => ({ open, max: 100 }))
  const seen = [80, 81, 90, 91, 80].map((now) => {
    open = now
    clock.advance(1000)
    return [watch.hasForSessions(), watch.hasForSockets()]
  })

  expect(seen).toEqual([
    [true, true],
    [false, true],
    [false, true],
    [false, false],
    [true, true],
  ])
  watch.stop()
  expect(clock.pending()).toBe(0)
})
