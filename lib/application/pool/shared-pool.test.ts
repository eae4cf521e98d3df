import { expect, test } from 'vitest'

import { digestOfHex } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'

import { python, world } from '../testing/world.ts'

const MIB = 1024 * 1024
const kept = { kept: [python.id], poolBytes: 100 * MIB }
const onImage = (hex: string): Language => ({
  ...python,
  foundation: { lang: python.id, image: digestOfHex(hex.repeat(64)), agent: '1.0.0' },
})

/** Two servers that share records and sandboxes; the first has filled its pool. */
async function two({ a: ofA = {}, b: ofB = {} }: { a?: Parameters<typeof world>[0]; b?: Parameters<typeof world>[0] } = {}) {
  const a = world({ ...kept, isShared: true, ...ofA })
  const b = world({ ...kept, beside: a, ...ofB })
  a.pool.start()
  await a.pass(1000)
  return { a, b }
}

test('what all want once is started once, by whoever comes first', async () => {
  const { a, b } = await two()
  b.pool.start()
  await b.pass(1000)
  expect([a.pool.ready(python.id), b.pool.ready(python.id), a.sandboxes.started()]).toEqual([1, 0, 1])
})

test('however stale a view is, nothing is started beyond what the records leave room for', async () => {
  const { a, b } = await two()
  for (let n = 0; n < 20; n++) {
    a.pool.changed()
    b.pool.changed()
    await a.pass(100)
  }
  expect(a.sandboxes.started()).toBe(1)
})

test("a start takes another server's member, which lets go of it and does not end it", async () => {
  const { a, b } = await two()
  const [member] = a.sandboxes.running()

  const { session, path } = await b.open()
  await a.settled()

  expect([path, session.sandbox]).toEqual(['warm', member])
  expect(a.pool.ready(python.id)).toBe(0)
  expect(a.sandboxes.running()).toContain(member)
  expect(a.sandboxes.agent(member!).claims).toEqual([session.id])
})

test('two servers that start at once never have the same member', async () => {
  const { a, b } = await two()
  const both = await Promise.all([a.open(), b.open()])
  expect(new Set(both.map(({ session }) => session.sandbox)).size).toBe(2)
  expect(both.map(({ path }) => path).sort()).toEqual(['cold', 'warm'])
})

test('of two that claim one member the agent turns the second away, who takes another and leaves the first alone', async () => {
  const { a, b } = await two({ a: { kept: [python.id] } })
  const [member] = a.sandboxes.running()
  const { lease } = b.records
  const first = await a.open()
  b.records.lease = async (ask) => {
    b.records.lease = lease
    const { key } = (await a.sandboxes.adopt(member!, keyOf(a, member!)))!
    return { ...ask, sandbox: member!, key }
  }
  const second = await b.open()

  expect(second.session.sandbox).not.toBe(member)
  expect(a.sandboxes.agent(member!).claims).toEqual([first.session.id])
  expect(a.sandboxes.running()).toContain(member)
})

test('a member handed out while the records were away is not taken from its session when they are back', async () => {
  const { a, b } = await two()
  const [member] = a.sandboxes.running()
  a.records.fail(true)
  const { session, path } = await a.open()
  a.records.fail(false)
  const second = await b.open() // by the member's row, which nobody could take away

  await a.settled()
  expect([path, session.sandbox, session.state]).toEqual(['warm', member, 'parked'])
  expect(second.path).toBe('cold')
  expect(a.sandboxes.agent(member!).claims).toEqual([session.id])
})

test('a member that does not answer is passed over, and another server starts one instead', async () => {
  const { a, b } = await two()
  const [member] = a.sandboxes.running()
  a.sandboxes.die(member!, { reason: 'lost' })
  expect((await b.open()).path).toBe('cold')
})

test('a member of an old image is not leased by one that knows the new', async () => {
  const { b } = await two({ a: { languages: () => [onImage('a')] }, b: { languages: () => [onImage('b')] } })
  expect((await b.open({ language: onImage('b') })).path).toBe('cold')
  expect((await b.open({ language: onImage('a') })).path).toBe('warm')
})

test('a member that is slow to come holds up no other, and is not started twice', async () => {
  const slow = { ...python, id: 'slow' as LangId }
  const here = world({
    languages: () => [slow, python],
    kept: [slow.id, python.id],
    poolBytes: 100 * MIB,
    startsMax: 2,
    isShared: true,
  })
  const { start } = here.sandboxes
  const held = Promise.withResolvers<void>()
  let asked = 0
  here.sandboxes.start = async (id, needs, signal) => {
    if (needs.ahead !== 'slow') return start(id, needs, signal)
    asked++
    await held.promise
    return start(id, needs, signal)
  }
  here.pool.start()
  await here.pass(1000)
  expect(here.pool.ready(python.id)).toBe(1)
  expect((await here.open()).path).toBe('warm')
  here.pool.changed()
  await here.pass(1000)
  expect([here.pool.ready(python.id), here.pool.ready(slow.id), asked]).toEqual([1, 0, 1])

  held.resolve()
  await here.pass(1000)
  expect([here.pool.ready(slow.id), asked]).toEqual([1, 1])
})

test('a stopped pool leaves its members to the others', async () => {
  const { a, b } = await two()
  const [member] = a.sandboxes.running()
  await a.pool.stop()
  expect((await b.open()).session.sandbox).toBe(member)
})

test('the members of a server that is gone are on the line of whoever took them over', async () => {
  const { a, b } = await two()
  const [member] = a.sandboxes.running()
  await b.pool.adopt(await b.records.takeMembers('there', ['here']))
  await a.settled()

  expect([a.pool.ready(python.id), b.pool.ready(python.id)]).toEqual([0, 1])
  expect((await b.open()).session.sandbox).toBe(member)
})

test('of the members of a server that is gone those of an old image are forgotten', async () => {
  const { b } = await two({ a: { languages: () => [onImage('a')] }, b: { languages: () => [onImage('b')] } })
  const [member] = b.sandboxes.running()
  await b.pool.adopt(await b.records.takeMembers('there', ['here']))
  expect(b.pool.ready(python.id)).toBe(0)
  expect((await b.records.ledger()).has(member!)).toBe(false)
})

test('a burst is served from what there is and by starting more, without an error; the pool is filled again', async () => {
  const { a, b } = await two({ a: { poolBytes: 400 * MIB }, b: { poolBytes: 400 * MIB } })
  const opened = await Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 ? a : b).open()))
  await a.pass(5000)

  expect(opened.filter(({ path }) => path === 'warm')).toHaveLength(1)
  expect(new Set(opened.map(({ session }) => session.sandbox)).size).toBe(60)
  const members = (await a.records.ledger()).size - 60
  expect(members).toBeGreaterThan(0)
  expect(members).toBeLessThanOrEqual(8)
  expect(a.sandboxes.running()).toHaveLength(60 + members)
})

const keyOf = (here: ReturnType<typeof world>, id: Parameters<typeof here.sandboxes.adopt>[0]) => here.sandboxes.keyOf(id)
