import { expect, test } from 'vitest'

import type { SandboxId, SessionId } from '#lib/domain/ids.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { never, python, world } from '../testing/world.ts'
import { keepUp } from './keep-up.ts'
import { BEAT_MS, SILENT_MS } from './watch-replicas.ts'

const MIB = 1024 * 1024
const kept = { kept: [python.id], poolBytes: 16 * MIB }
const STRAY = 'sbffffffffffffffffffff' as SandboxId

/** Two servers; the first has a session and a member, and does not beat unless it is told to. */
async function two() {
  const a = world({ ...kept, isShared: true })
  const b = world({ ...kept, beside: a })
  a.pool.start()
  await a.pass(1000)
  const opened = await a.open()
  await a.pass(1000)
  const [member] = [...(await a.records.ledger())].filter((id) => id !== opened.session.sandbox)
  await a.records.beat('here')
  const keeping = keepUp({ ...b.takeOver, pool: b.pool })
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= BEAT_MS) {
      a.clock.advance(Math.min(BEAT_MS, left))
      await a.settled()
    }
  }
  const ask = { session: opened.session.id, token: opened.token, address: '192.0.2.7' }
  return { a, b, ...opened, member: member!, keeping, pass, ask }
}

test('what a server that is gone has left is taken over, once: its sessions parked, its members on the line', async () => {
  const { a, b, session, member, pass, ask } = await two()
  await pass(SILENT_MS)
  expect([a.registry.size(), b.registry.size()]).toEqual([1, 0])
  await pass(2 * BEAT_MS)

  expect([session.state, b.registry.size(), b.pool.ready(python.id)]).toEqual(['released', 1, 1])
  expect((await b.records.beat('there')).map(({ name }) => name)).toEqual(['there'])
  expect(await b.resume(ask)).toMatchObject({ ok: true, value: { epoch: 2 } })
  expect(b.sandboxes.running().toSorted()).toEqual([session.sandbox, member].toSorted())
})

test('a server that beats keeps what it has', async () => {
  const { a, b, session, pass } = await two()
  for (let n = 0; n < 10; n++) {
    await a.records.beat('here')
    await pass(BEAT_MS)
  }
  expect([session.state, b.registry.size()]).toEqual(['parked', 0])
})

test('a member that was leased by a server that is gone is nobody’s: it is ended and never handed out', async () => {
  const { a, b, member, pass } = await two()
  const { keptAs } = (await a.records.takeMembers('here', ['here']))[0]!
  const ask = { lang: python.id, keptAs, owner: 'here', session: 'c'.repeat(32) as SessionId }
  expect(await a.records.lease(ask)).toMatchObject({ sandbox: member })
  await pass(SILENT_MS + 2 * BEAT_MS)
  expect((await b.records.ledger()).has(member)).toBe(false)
  await pass(120_000)
  expect(b.sandboxes.running()).not.toContain(member)
})

test('a member that another server leased and died with, before it dialled, is let go by the one that has it, and replaced', async () => {
  const { b, pass } = await two()
  b.pool.start()
  await pass(SILENT_MS + 2 * BEAT_MS)
  const [member] = await b.records.takeMembers('there', ['there']) // who it is, no more
  const ask = { lang: python.id, keptAs: member!.keptAs, owner: 'ghost', session: 'c'.repeat(32) as SessionId }
  expect(await b.records.lease(ask)).toMatchObject({ sandbox: member!.sandbox })
  await b.records.beat('ghost')
  await pass(SILENT_MS + 2 * BEAT_MS)
  expect(b.sandboxes.running()).toContain(member!.sandbox)
  await pass(120_000)

  expect(b.sandboxes.running()).not.toContain(member!.sandbox)
  expect(b.pool.ready(python.id)).toBe(1)
  expect((await b.open()).session.sandbox).not.toBe(member!.sandbox)
})

test('a member that came up while the records were away is written when they are back', async () => {
  const { b, pass } = await two()
  await pass(SILENT_MS + 2 * BEAT_MS)
  await b.open() // the one that there was
  b.records.fail(true)
  b.pool.start()
  await pass(9000)
  expect(b.pool.ready(python.id)).toBe(1)
  b.records.fail(false)
  const free = async () => (await b.records.takeMembers('there', ['there'])).length
  expect(await free()).toBe(0)
  await pass(120_000)
  expect(await free()).toBe(1)
})

test('a sandbox that no ledger knows is ended, after a minute in which the records answered', async () => {
  const { b, pass } = await two()
  await b.sandboxes.start(STRAY, { limits: DEFAULT_LIMITS }, never)
  await pass(45_000)
  b.records.fail(true)
  await pass(120_000)
  b.records.fail(false)
  await pass(45_000)
  expect(b.sandboxes.running()).toContain(STRAY)
  await pass(45_000)
  expect(b.sandboxes.running()).not.toContain(STRAY)
  expect(b.metrics.values.get('dragoman_sandboxes_swept_total{}')).toBeGreaterThan(0)
})

test('what was opened while the records were away is written when they are back, and so never swept', async () => {
  const { b, keeping, pass } = await two()
  b.records.fail(true)
  const { session } = await b.open()
  await pass(BEAT_MS)
  b.records.fail(false)
  expect((await b.records.ledger()).has(session.sandbox)).toBe(false)
  await pass(BEAT_MS)
  expect((await b.records.ledger()).has(session.sandbox)).toBe(true)
  await keeping.stop()
})
