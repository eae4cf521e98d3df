import { expect, test } from 'vitest'

import { killedServer } from './testing-restart.ts'
import { newId, NOTHING, ociWorld } from './testing.ts'

test('a sandbox outlives its server and is adopted', async () => {
  const world = await ociWorld()
  const id = newId()
  const [key = ''] = await killedServer(world, [id])
  const sandboxes = await world.open()

  expect(await sandboxes.adopt(id, 'f'.repeat(64))).toBeUndefined()
  expect(await sandboxes.adopt(newId(), key)).toBeUndefined()
  const adopted = await sandboxes.adopt(id, key)
  if (!adopted) throw new Error('Not adopted')
  expect(await sandboxes.adopt(id, key)).toBe(adopted)
  expect(await world.run(adopted, 'echo still here')).toBe('still here')

  const place = async (command = 'head -1 /proc/self/uid_map') => world.run(await world.start(sandboxes), command)
  expect(await place()).toContain(String(world.options.uidBase + 2)) // the adopted one keeps its own

  await adopted.destroy()
  expect(await adopted.exited).toEqual({ reason: 'killed' })
  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})

test('the end of an adopted sandbox is noticed', async () => {
  const world = await ociWorld()
  const id = newId()
  const [key = ''] = await killedServer(world, [id])
  const sandboxes = await world.open()
  const adopted = await sandboxes.adopt(id, key)
  const [pid] = world.ledger().processes

  process.kill(pid ?? 0, 'SIGKILL')
  expect(await adopted?.exited).toEqual({ reason: 'quit' })
  expect(await sandboxes.adopt(id, key)).toBeUndefined()
  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})

test('what a killed server left is swept away, except what is kept', async () => {
  const world = await ociWorld()
  const ids = [newId(), newId(), newId()] as const
  const keys = await killedServer(world, ids)
  const sandboxes = await world.open()
  expect(world.ledger().processes).toHaveLength(3)

  expect(await sandboxes.sweep(new Set([ids[1]]))).toBe(2)
  expect(world.ledger().processes).toHaveLength(1)
  const kept = await sandboxes.adopt(ids[1], keys[1] ?? '')
  expect(kept && (await world.run(kept, 'echo kept'))).toBe('kept')
  expect(await sandboxes.sweep(new Set())).toBe(1)
  expect(await sandboxes.sweep(new Set())).toBe(0)

  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})

test('an id that runs since an earlier server is not started over it', async () => {
  const world = await ociWorld()
  const id = newId()
  await killedServer(world, [id])
  const sandboxes = await world.open()

  await expect(world.start(sandboxes, {}, id)).rejects.toThrow('runs since an earlier process')
  expect(world.ledger().processes).toHaveLength(1)
  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})
