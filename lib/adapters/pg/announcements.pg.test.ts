import { afterAll, beforeAll, expect, test } from 'vitest'

import { memoryLog } from '#lib/adapters/memory/log.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { pgAnnouncements } from './announcements.ts'
import { workshopDatabase } from './world.contract.ts'

const PATIENCE = { timeout: 20_000 }

let world: Awaited<ReturnType<typeof workshopDatabase>>
beforeAll(async () => {
  world = await workshopDatabase()
})
afterAll(() => world.end())

function hears() {
  const log = memoryLog()
  const announcements = pgAnnouncements(world.database, { url: world.url, clock: systemClock, log })
  const heard = { log: 0, queue: 0, deployment: 0 }
  const ends = [
    announcements.on('log', () => heard.log++),
    announcements.on('queue', () => heard.queue++),
    announcements.on('deployment', () => heard.deployment++),
  ]
  return { announcements, heard, log, stopHearing: () => ends.forEach((end) => end()) }
}
const cutListeners = () =>
  world.database.sql.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dragoman listens'`)

test('what one server announces another hears, each by its name, once it listens', async () => {
  const [one, other] = [hears(), hears()]
  await expect
    .poll(() => [one.heard, other.heard], PATIENCE)
    .toEqual([
      { log: 1, queue: 1, deployment: 1 }, // everybody looks once when they begin to listen
      { log: 1, queue: 1, deployment: 1 },
    ])
  await one.announcements.announce('log')
  await expect
    .poll(() => [one.heard, other.heard], PATIENCE)
    .toEqual([
      { log: 2, queue: 1, deployment: 1 },
      { log: 2, queue: 1, deployment: 1 },
    ])
  other.stopHearing()
  await one.announcements.announce('queue')
  await expect.poll(() => one.heard, PATIENCE).toEqual({ log: 2, queue: 2, deployment: 1 })
  expect(other.heard).toEqual({ log: 2, queue: 1, deployment: 1 })
  await Promise.all([one.announcements.close(), other.announcements.close()])
})

test('a listener whose connection is cut listens again, and looks for what it missed', async () => {
  const { announcements, heard, log } = hears()
  await expect.poll(() => heard.log, PATIENCE).toBe(1)
  await cutListeners()
  await expect.poll(() => heard.log, PATIENCE).toBe(2)
  expect(log.events).toMatchObject([{ event: 'announcements are not heard' }])
  await announcements.announce('log')
  await expect.poll(() => heard.log, PATIENCE).toBe(3)
  await announcements.close()
})

test('closed, it leaves no connection, also when it never got one', async () => {
  const { announcements } = hears()
  await announcements.close()
  await announcements.close()
  const left = () => world.query(`SELECT FROM pg_stat_activity WHERE application_name = 'dragoman listens'`)
  await expect.poll(left, PATIENCE).toEqual([])
})
