import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { memoryLog, memoryMetrics } from '#lib/adapters/memory/log.ts'
import { withClient } from '#lib/adapters/postgres/client.ts'
import { migratedDatabase } from '#lib/adapters/postgres/world.contract.ts'
import { prismaRecords } from '#lib/adapters/prisma/records.ts'
import { systemClock, systemRandom } from '#lib/adapters/system/time.ts'
import type { SessionId } from '#lib/domain/ids.ts'

import { never, python } from '../testing/world.ts'
import { sharedAdmission } from './shared-admission.ts'

const TIMEOUT_MS = 3000
const PATIENCE = { timeout: 20_000 }

let database: Awaited<ReturnType<typeof migratedDatabase>>
const closing: (() => unknown)[] = []

beforeAll(async () => {
  database = await migratedDatabase()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(() => database.end())

/** A server's gate, with connections of its own. */
function server(replica: string, options: Partial<Parameters<typeof sharedAdmission>[1]>) {
  const records = prismaRecords({ url: database.url, timeoutMs: TIMEOUT_MS })
  const bounds = { sessionsMax: 4, perAddressMax: 4, startsPerMinute: 1000, queueMax: 20, ...options }
  const gate = sharedAdmission({ records, replica, clock: systemClock, metrics: memoryMetrics(), log: memoryLog() }, bounds)
  gate.beside(2)
  closing.push(async () => {
    gate.stop()
    await records.forgetReplicas([replica])
    await records.close()
  })
  const enter = (address: string, place: (n: number) => void = () => {}, signal = never) => {
    const session = systemRandom.hex(16) as SessionId // sixteen bytes are the 32 digits that an id has
    return gate.enter({ session, address, wish: { lang: python.id, keptAs: '' }, place, signal })
  }
  return { gate, enter }
}
const code = async (entered: ReturnType<ReturnType<typeof server>['enter']>) => {
  const got = await entered
  return got.ok ? 'entered' : got.error.code
}

/** Of places, while there is a database to ask. */
const rows = () =>
  withClient(database.migrateUrl, async (client) => {
    const { rows: found } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM place')
    return found[0]?.n
  }).catch(() => undefined)

test('of one address that comes to two servers at once, its number enters and not one more', async () => {
  const [a, b] = [server('a', { sessionsMax: 50, perAddressMax: 8 }), server('b', { sessionsMax: 50, perAddressMax: 8 })]
  const codes = await Promise.all(Array.from({ length: 40 }, (_, n) => code((n % 2 ? a : b).enter('10.0.0.1'))))
  expect(codes.filter((each) => each === 'entered').length).toBe(8)
  expect(codes.filter((each) => each === 'too_many_sessions').length).toBe(32)
  expect(await code(b.enter('10.0.0.2'))).toBe('entered')
})

test('starts of one address are counted over two servers', async () => {
  const [a, b] = [
    server('a', { sessionsMax: 50, perAddressMax: 50, startsPerMinute: 10 }),
    server('b', { sessionsMax: 50, perAddressMax: 50, startsPerMinute: 10 }),
  ]
  const codes = await Promise.all(Array.from({ length: 16 }, (_, n) => code((n % 2 ? a : b).enter('10.0.0.1'))))
  expect(codes.toSorted()).toEqual([
    ...Array.from({ length: 10 }, () => 'entered'),
    ...Array.from({ length: 6 }, () => 'too_fast'),
  ])
})

test('two hundred of one network at two servers wait for each other; who comes from elsewhere has the next place', async () => {
  const [a, b] = [server('a', {}), server('b', {})]
  const held: { release(): void }[] = []
  const refused: string[] = []
  const crowd = Array.from({ length: 200 }, async (_, n) => {
    const entered = await (n % 2 ? a : b).enter(`10.0.0.${n}`)
    if (entered.ok) held.push(entered.value)
    else refused.push(entered.error.code)
  })
  await expect.poll(() => held.length + refused.length, PATIENCE).toBe(200 - 20)
  expect([held.length, new Set(refused)]).toEqual([4, new Set(['queue_full'])])

  const places: number[] = []
  const alone = code(b.enter('192.0.2.1', (n) => places.push(n)))
  const other = code(a.enter('198.51.100.1'))
  await expect.poll(() => places[0], PATIENCE).toBe(1)
  const before = performance.now()
  held.shift()?.release()
  held.shift()?.release()
  expect(await Promise.all([alone, other])).toEqual(['entered', 'entered'])
  expect(performance.now() - before).toBeLessThan(PATIENCE.timeout)
  expect([held.length, refused.length]).toEqual([2, 200 - 4 - 18])

  // The others have their turns, two at a time, and all are served in the end.
  const gone = new Set<unknown>()
  await expect
    .poll(() => {
      for (const place of held) if (!gone.has(place) && gone.add(place)) place.release()
      return gone.size + refused.length
    }, PATIENCE)
    .toBe(200 - 2)
  await Promise.all(crowd)
})

test('while the database is away each server has its part, and afterwards both count together again', async () => {
  const [a, b] = [server('a', { perAddressMax: 9 }), server('b', { perAddressMax: 9 })]
  const held = await Promise.all([a.enter('10.0.0.1'), b.enter('10.0.0.1')])
  await database.stop()
  expect(await Promise.all([code(a.enter('10.0.0.2')), code(b.enter('10.0.0.2'))])).toEqual(['entered', 'entered'])
  const waits = code(a.enter('10.0.0.3'))
  await expect.poll(() => a.gate.waiting(), PATIENCE).toBe(1)
  for (const place of held) if (place.ok) place.value.release()
  expect(await waits).toBe('entered')

  const again = await database.restart()
  closing.unshift(() => again.stop())
  await expect.poll(rows, PATIENCE).toBe(0) // what was given up meanwhile is settled
  const four = Array.from({ length: 4 }, (_, n) => code((n % 2 ? a : b).enter(`10.1.${n}.1`)))
  expect(await Promise.all(four)).toEqual(['entered', 'entered', 'entered', 'entered'])
  const places: number[] = []
  void a.enter('10.2.0.1', (n) => places.push(n))
  await expect.poll(() => places, PATIENCE).toEqual([1])
})
