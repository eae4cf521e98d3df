import { afterAll, beforeAll, expect, test } from 'vitest'

import { countsOf } from './testing/replay-server.ts'
import { podWorld, type PodWorld } from './testing/pod-world.ts'

const COUNT = 8
/** Of few pods so many may go at once. */
const AT_ONCE = 5
const PATIENCE = { timeout: 20_000 }

let world: PodWorld
beforeAll(async () => {
  world = await podWorld()
})
afterAll(() => world.end())

test('a ledger that knows nobody takes some pods at a time, never this server’s own, and is counted before', async () => {
  const [theirs, ours] = await Promise.all([world.open(), world.open({ youngMs: 0 })])
  for (let n = 0; n < COUNT; n += 2) await Promise.all([world.start(theirs), world.start(theirs)])
  const own = await world.start(ours)
  const before = await world.pods()
  expect(before).toHaveLength(COUNT + 1)
  const astray = () => countsOf(world.metrics, 'dragoman_k8s_pods_astray')

  expect(await ours.sweep(new Set())).toBe(AT_ONCE)
  expect(Object.values(astray())).toEqual([COUNT])
  await expect.poll(async () => (await world.pods()).length, PATIENCE).toBe(COUNT + 1 - AT_ONCE)
  await expect.poll(() => ours.sweep(new Set()), PATIENCE).toBe(COUNT - AT_ONCE)
  await expect.poll(world.pods, PATIENCE).toEqual([own.id])
  expect(await world.run(own, 'echo here')).toBe('here')
  await own.destroy()
  await expect.poll(world.pods, PATIENCE).toEqual([])
  await Promise.all([theirs.close(), ours.close()])
})
