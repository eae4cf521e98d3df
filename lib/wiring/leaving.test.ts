import { expect, test } from 'vitest'

import { memoryClock } from '../adapters/memory/clock.ts'
import { Leaving } from './leaving.ts'

const settled = () => new Promise((done) => setImmediate(done))

function world(open: number) {
  const clock = memoryClock()
  const leaving = new Leaving(clock)
  const sockets = { open, movedWithin: 0 }
  leaving.from({ size: () => sockets.open, moveAll: (ms) => void (sockets.movedWithin = ms) })
  let isOver = false
  const done = leaving.moveEverybody().then(() => (isOver = true))
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(100)
      await settled()
    }
  }
  return { leaving, sockets, pass, done, isOver: () => isOver }
}

test('a server that goes says so at once, serves on for five seconds, then sends everybody away', async () => {
  const { leaving, sockets, pass, isOver } = world(3)
  expect([leaving.isAnnounced(), leaving.isGoing()]).toEqual([true, false])
  await pass(4900)
  expect([leaving.isGoing(), sockets.movedWithin]).toEqual([false, 0])
  await pass(200)
  expect([leaving.isGoing(), sockets.movedWithin, isOver()]).toEqual([true, 3000, false])

  sockets.open = 0
  await pass(200)
  expect(isOver()).toBe(true)
})

test('who does not go is not waited for any longer than two seconds beyond their time', async () => {
  const { pass, isOver } = world(1)
  await pass(5000 + 3000 + 1900)
  expect(isOver()).toBe(false)
  await pass(300)
  expect(isOver()).toBe(true)
})
