import { setTimeout as pause } from 'node:timers/promises'

import { afterEach, beforeEach, expect, test } from 'vitest'

import type { OwnServer } from '../../cli/own-server.ts'
import { answers, comesBack, metric, PATIENCE, podHouse, type PodHouse, readiness, ready } from './pod-house.ts'

const AWAY_MS = 60_000
/** What every call of a server is late by; it waits for none longer than 2 s. */
const SLOW_MS = 10_000
/** A start asks the database for a lease and no more: once in vain, then its own agents. A cold one makes a pod. */
const START_MS_MAX = 20_000
const HEALTH_MS_MAX = 1000
const WAITING = 'dragoman_pool_members{kind="python",state="ready"}'

let house: PodHouse
beforeEach(async () => {
  house = await podHouse('database-away')
})
afterEach(() => house?.end())

/** Two servers on one line to their database, with one waiting prompt between them. */
async function two() {
  const wire = await house.databaseWire()
  const env = { DATABASE_URL: wire.url }
  const [a, b] = await Promise.all([house.serve('database-a', env), house.serve('database-b', env)])
  await Promise.all([ready(a), ready(b)])
  const waiting = () => Promise.all([metric(a, WAITING), metric(b, WAITING)])
  const full = () => expect.poll(async () => (await waiting()).reduce((sum, n) => (sum ?? 0) + (n ?? 0), 0), PATIENCE).toBe(1)
  await full()
  /** The one that has the member on the line, and the other. */
  const byMember = async () => ((await waiting())[0] ? ([a, b] as const) : ([b, a] as const))
  return { wire, a, b, full, byMember }
}
const saysAway = (server: OwnServer) =>
  expect
    .poll(() => readiness(server), PATIENCE)
    .toMatchObject({ status: 503, text: expect.stringMatching(/"database":\{"ok":false/) })
const isLive = async ({ url }: OwnServer) => expect((await fetch(`${url}/healthz`)).status).toBe(200)

test('with the database away for a minute two servers serve on with what they have, and lose nothing of it after', async () => {
  const { wire, a, b, full, byMember } = await two()
  const visitor = await house.visit(a)
  const session = await visitor.started()
  await answers(visitor, 1)
  await full()
  const [has, lacks] = await byMember()

  wire.set('cut')
  const from = performance.now()
  await Promise.all([saysAway(a), saysAway(b)])
  await Promise.all([isLive(a), isLive(b)])
  const [warm, cold] = [await house.visit(has), await house.visit(lacks)]
  const opened = [await warm.started(), await cold.started()]
  expect(performance.now() - from).toBeLessThan(AWAY_MS)
  await Promise.all([answers(warm, 2), answers(cold, 2)])
  visitor.close()
  const again = await house.visit(a)
  const seen = visitor.end()
  expect(await again.resume(session, seen)).toMatchObject({ ok: true, value: { from: seen } })
  const elsewhere = await house.visit(b)
  expect(await elsewhere.resume(session, seen)).toMatchObject({ ok: false, error: { code: 'no_database' } })
  for (let n = 3; performance.now() - from < AWAY_MS; n++) {
    await Promise.all([answers(again, n), answers(warm, n), answers(cold, n)])
    await pause(1000)
  }

  wire.set('passes')
  await Promise.all([ready(a), ready(b)])
  await comesBack(elsewhere, session, again.end())
  await answers(elsewhere, 998)
  // What was opened meanwhile is written, and so found by the other server.
  const ids = opened.map((each) => each.session)
  await expect.poll(() => house.rows('SELECT id FROM session WHERE id = ANY($1)', ids), PATIENCE).toHaveLength(2)
  const moved = await house.visit(lacks)
  await comesBack(moved, opened[0]!, warm.end())
  await answers(moved, 999)
  for (const each of [elsewhere, moved, cold]) await each.call('leave', {})
  await house.balances()
})

test('a database that restarts again and again under starts costs none of them more than time', async () => {
  const { wire, a, b } = await two()
  const stop = new AbortController()
  const restarting = (async () => {
    while (!stop.signal.aborted) {
      wire.set('cut')
      await pause(200)
      wire.set('passes')
      await pause(1300)
    }
  })()
  for (let n = 0; n < 6; n++) {
    const visitor = await house.visit(n % 2 === 0 ? a : b)
    await visitor.started()
    await answers(visitor, n + 1)
    await visitor.call('leave', {})
  }
  stop.abort()
  await restarting
  await Promise.all([ready(a), ready(b)])
  await house.balances()
})

test('with a database that takes ten seconds for everything health answers at once, starts go on, and nothing waits for it', async () => {
  const { wire, a, b } = await two()
  const before = await house.visit(a)
  const session = await before.started()
  await answers(before, 1)

  wire.delay(SLOW_MS)
  await Promise.all([saysAway(a), saysAway(b)])
  let from = performance.now()
  await Promise.all([readiness(a), isLive(a)])
  expect(performance.now() - from).toBeLessThan(HEALTH_MS_MAX)
  from = performance.now()
  const visitor = await house.visit(b)
  await visitor.started()
  expect(performance.now() - from).toBeLessThan(START_MS_MAX)
  await Promise.all([answers(visitor, 2), answers(before, 2)])
  expect(await (await house.visit(b)).resume(session, 0)).toMatchObject({ ok: false, error: { code: 'no_database' } })

  wire.delay(0)
  await Promise.all([ready(a), ready(b)])
  for (const each of [before, visitor]) await each.call('leave', {})
  await house.balances()
})

test('a database that takes no writes keeps nobody from a session, and has all of them when it takes some again', async () => {
  const wire = await house.databaseWire()
  const server = await house.serve('database-full', { DATABASE_URL: wire.url, DRAGOMAN_POOL_MEMORY_MIB: '0' })
  await ready(server)
  const name = new URL(house.database.url).pathname.slice(1)
  /** For connections that are made from now on. */
  const readOnly = async (how: 'on' | 'off') => {
    await house.rows(`BEGIN READ WRITE; ALTER DATABASE ${name} SET default_transaction_read_only = ${how}; COMMIT`)
    wire.set('cut')
    wire.set('passes')
  }
  await readOnly('on')
  try {
    const visitor = await house.visit(server)
    const { session } = await visitor.started()
    await answers(visitor, 1)
    await readOnly('off')
    await expect.poll(() => house.rows('SELECT id FROM session WHERE id = $1', session), PATIENCE).toHaveLength(1)
    await visitor.call('leave', {})
  } finally {
    await readOnly('off')
  }
  await house.balances()
})

test('a server that starts without its database comes up, and has its languages when that is there', async () => {
  const wire = await house.databaseWire()
  wire.set('cut')
  const server = await house.serve('database-late', { DATABASE_URL: wire.url })
  await saysAway(server)
  await isLive(server)
  const visitor = await house.visit(server)
  expect(await visitor.start('python')).toMatchObject({ ok: false })

  wire.set('passes')
  await ready(server)
  await expect.poll(async () => (await visitor.start('python')).ok, PATIENCE).toBe(true)
  await answers(visitor, 1)
  await visitor.call('leave', {})
  await house.balances()
})
