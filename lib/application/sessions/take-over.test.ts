import { expect, test } from 'vitest'

import { terminalSize } from '#lib/domain/terminal-size.ts'
import { python, world } from '../testing/world.ts'
import { adoptOrphans } from './adopt-sessions.ts'

const SIZE = terminalSize(80, 24)

/** Two servers with the same records and sandboxes, and a session at the first with a viewer that has seen its prompt. */
async function two() {
  const a = world({ isShared: true })
  const b = world({ beside: a })
  const { session, token } = await a.open()
  const viewer = await a.watch(session)
  await viewer.text('> ')
  const ask = { session: session.id, token, address: '192.0.2.7' }
  const resumed = async () => {
    const found = await b.resume(ask)
    if (!found.ok) throw new Error(found.error.code)
    return found.value
  }
  return { a, b, session, token, viewer, ask, resumed, agent: a.agentOf(session) }
}

test('a session is resumed at another server while the first still has it: no byte is lost or said twice', async () => {
  const { a, b, session, viewer, resumed, agent } = await two()
  agent.print('one ')
  await viewer.text('> one ')

  const there = await resumed()
  const seen = await b.watch(there, 6)
  agent.print('two')

  expect(await seen.text('two')).toBe('two')
  expect(there).toMatchObject({ id: session.id, epoch: 2, state: 'attached', address: '192.0.2.7' })
  expect(viewer.bytes()).toBe(6)
  expect([session.state, viewer.events.at(-1)]).toEqual(['released', 'moved'])
  expect(a.sandboxes.running()).toHaveLength(1)
  expect([a.registry.size(), b.registry.size(), a.admission.running(), b.admission.running()]).toEqual([0, 1, 0, 1])
})

test('what is asked of a session that went elsewhere is answered so, and does nothing', async () => {
  const { b, session, resumed, agent } = await two()
  await resumed()
  await b.settled()
  const before = agent.heard.length

  expect(await session.run({ files: [{ path: 'main.py', text: '0' }] })).toEqual({ ok: false, error: { code: 'moved' } })
  expect(await session.attach({ ...(await b.watch(session)) }, 0, SIZE)).toEqual({ ok: false, error: { code: 'moved' } })
  session.input(0, Buffer.from('x'))
  await session.end('stopped')
  expect(agent.heard.length).toBe(before)
  expect(b.sandboxes.running()).toHaveLength(1)
})

test('it goes to and fro as often as somebody asks, each time at the next epoch', async () => {
  const { a, b, ask, resumed } = await two()
  const there = await resumed()
  await b.settled()
  const back = await a.resume(ask)
  await b.settled()

  expect(back).toMatchObject({ ok: true, value: { epoch: 3, state: 'parked' } })
  expect(there.state).toBe('released')
  expect((await resumed()).epoch).toBe(4)
})

test('two sockets that ask at once have one session, taken over once', async () => {
  const { b, ask } = await two()
  const [one, other] = await Promise.all([b.resume(ask), b.resume(ask)])
  expect(one.ok && other.ok && one.value === other.value && one.value.epoch).toBe(2)
  expect(b.metrics.values.get('dragoman_session_takeovers_total{visitor,ok}')).toBe(1)
})

test('a token that is not its own takes nothing over; who comes after its end hears how it ended', async () => {
  const { a, b, session, ask } = await two()
  expect(await b.resume({ ...ask, token: 'f'.repeat(32) })).toEqual({ ok: false, error: { code: 'bad_token' } })
  expect(session.state).toBe('attached')

  await session.end('idle')
  await a.settled()
  expect(await b.resume(ask)).toEqual({ ok: false, error: { code: 'session_ended', reason: 'idle' } })
})

test('without the database a session elsewhere is asked for again, and found when it is back', async () => {
  const { a, ask, b, resumed } = await two()
  a.records.fail(true)
  expect(await b.resume(ask)).toEqual({ ok: false, error: { code: 'no_database' } })
  a.records.fail(false)
  expect((await resumed()).epoch).toBe(2)
})

test('a session opened while the database was away is found elsewhere after it is back', async () => {
  const a = world({ isShared: true })
  const b = world({ beside: a })
  a.records.fail(true)
  const { session, token } = await a.open()
  a.records.fail(false)
  const ask = { session: session.id, token, address: '192.0.2.7' }
  expect(await b.resume(ask)).toEqual({ ok: false, error: { code: 'no_session' } })

  await a.registry.settle()
  expect(await b.resume(ask)).toMatchObject({ ok: true })
})

test('a session that ended while the database was away is ended there after it is back, once', async () => {
  const { a, b, session, ask } = await two()
  a.records.fail(true)
  await session.end('left')
  await a.settled()
  a.records.fail(false)
  await a.registry.settle()
  expect(await b.resume(ask)).toEqual({ ok: false, error: { code: 'session_ended', reason: 'left' } })
})

test('a server whose line was cut ends nothing that another has by now', async () => {
  const { a, b, session, resumed } = await two()
  a.sandboxes.cut(session.sandbox)
  const there = await resumed()
  await a.pass(2000)

  expect([session.state, there.state]).toEqual(['released', 'parked'])
  expect(b.sandboxes.running()).toEqual([there.sandbox])
})

test('a server whose line was cut ends what nobody else has', async () => {
  const { a, session } = await two()
  a.sandboxes.cut(session.sandbox)
  await a.settled()
  await a.pass(2000)
  expect(session.state).toBe('ended')
  expect(a.sandboxes.running()).toEqual([])
})

test('sessions of a server that is gone are taken over parked; who comes back has theirs, the others end at their grace', async () => {
  const { a, b, session, ask, agent } = await two()
  const other = await a.open()
  agent.print('while nobody looked')

  expect(await adoptOrphans(b.takeOver, ['here'])).toBe(2)
  expect(await adoptOrphans(b.takeOver, ['here'])).toBe(0)
  await a.settled()
  expect([session.state, other.session.state]).toEqual(['released', 'released'])
  const found = await b.resume(ask)
  if (!found.ok) throw new Error(found.error.code)
  expect(await (await b.watch(found.value, 2)).text('while nobody looked')).toBe('while nobody looked')

  await b.pass(61_000)
  expect(b.sandboxes.running()).toEqual([session.sandbox])
  const late = { session: other.session.id, token: other.token, address: '192.0.2.7' }
  expect(await b.resume(late)).toEqual({ ok: false, error: { code: 'session_ended', reason: 'left' } })
})

test('a session whose sandbox is gone ends as lost for whoever asks for it, wherever', async () => {
  const { a, b, session, ask } = await two()
  a.sandboxes.die(session.sandbox, { reason: 'lost' })
  const lost = { ok: false, error: { code: 'session_ended', reason: 'lost' } }
  expect(await b.resume(ask)).toEqual(lost)
  await a.settled()
  expect(await b.resume(ask)).toEqual(lost)
})

test('a server that is going lets its sessions be, and each viewer hear where to look', async () => {
  const { a, b, session, viewer, resumed } = await two()
  a.registry.releaseAll()
  expect([session.state, viewer.events.at(-1), a.registry.size()]).toEqual(['released', 'moved', 0])
  expect((await resumed()).state).toBe('parked')
  expect(b.sandboxes.running()).toEqual([session.sandbox])
})

test('a server that lets no new sessions in goes on with one that is, unless it is going itself', async () => {
  const a = world({ isShared: true })
  const going = world({ beside: a, refusal: () => ({ code: 'draining' }) })
  const failing = world({ beside: a, refusal: () => ({ code: 'refusing_sessions', failed: ['network_policy'] }) })
  const { session, token } = await a.open()
  const ask = { session: session.id, token, address: 'x' }
  expect(await going.resume(ask)).toEqual({ ok: false, error: { code: 'draining' } })
  expect(await failing.resume(ask)).toMatchObject({ ok: true })
})

test('a server that has not heard of the language yet says so for now', async () => {
  const a = world({ isShared: true })
  const b = world({ beside: a, languages: () => [] })
  const { session, token } = await a.open({ language: python })
  const ask = { session: session.id, token, address: 'x' }
  expect(await b.resume(ask)).toEqual({ ok: false, error: { code: 'moved' } })
  expect(await a.resume(ask)).toMatchObject({ ok: true })
})
