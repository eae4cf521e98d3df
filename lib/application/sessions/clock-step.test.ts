import { expect, test } from 'vitest'

import { BEAT_MS, SILENT_MS, watchReplicas } from '../replicas/watch-replicas.ts'
import { python, world } from '../testing/world.ts'

const STEP_MS = 10 * 60_000
const STEPS = [STEP_MS, -STEP_MS]
/** More than one step of this world's time. */
const SOON_MS = 8000

test.each(STEPS)('a time of day that is set by %i ms ends no session, and none later than it should', async (step) => {
  const { clock, open, watch, pass, deps } = world()
  const { session } = await open()
  await watch(session)
  const { idleMs } = python.limits
  await pass(idleMs / 2)
  clock.step(step)
  await pass(idleMs / 2 - SOON_MS)
  expect(session.state).toBe('attached')
  await pass(2 * SOON_MS)
  expect(session.state).toBe('ended')

  const left = (await open()).session
  clock.step(-2 * step)
  await pass(deps.graceMs - SOON_MS)
  expect(left.state).toBe('parked')
  await pass(2 * SOON_MS)
  expect(left.state).toBe('ended')
})

test.each(STEPS)('a session is taken over by a server whose time of day is off by %i ms', async (step) => {
  const a = world({ isShared: true })
  const b = world({ beside: a })
  const { session, token } = await a.open()
  a.clock.step(step)

  const taken = await b.resume({ session: session.id, token, address: '192.0.2.7' })
  expect(taken).toMatchObject({ ok: true, value: { epoch: 2, state: 'parked' } })
  expect(a.sandboxes.running()).toHaveLength(1)
})

test.each(STEPS)('no server is called silent because a time of day was set by %i ms', async (step) => {
  const { deps, clock, records, settled } = world({ isShared: true })
  let silent: readonly string[] = []
  const watch = watchReplicas(deps, async (beat) => void (silent = beat.silent))
  await records.beat('other')
  for (const each of [0, step, -step]) {
    clock.step(each)
    clock.advance(BEAT_MS)
    await settled()
  }
  expect(silent).toEqual([])
  for (let n = 0; n * BEAT_MS <= SILENT_MS; n++) {
    clock.advance(BEAT_MS)
    await settled()
  }
  expect(silent).toEqual(['other'])
  await watch.stop()
})
