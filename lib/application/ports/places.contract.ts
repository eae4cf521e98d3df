import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { LangId, SandboxId, SessionId } from '#lib/domain/ids.ts'
import { inTurn, type Visitor, visitorAt } from '#lib/domain/turns.ts'

import type { PlaceAsk, PlaceBounds } from './places.ts'
import type { Records } from './records.ts'

const python = 'python' as LangId
let made = 0
const newSession = () => `c${(++made).toString(16).padStart(31, '0')}` as SessionId
const newSandbox = () => `sbc${(++made).toString(16).padStart(19, '0')}` as SandboxId
/** Addresses of a network that no other test has. */
const network = () => {
  const at = ++made
  return (host: number) => visitorAt(`10.${at >> 8}.${at % 256}.${host}`)
}
const bounds: PlaceBounds = { sessionsMax: 1000, perAddressMax: 1000, startsPerMinute: 1000, queueMax: 1000 }
const LONG_MS = 3_600_000

/** What every maker of places keeps. `fresh` gives records without sessions, members and places. */
export function placesContract(fresh: () => Promise<Records>): void {
  const world = async () => {
    const records = await fresh()
    const enter = (visitor: Visitor, also: Partial<PlaceBounds> = {}, owner = 'a', session = newSession()) => {
      const ask: PlaceAsk = { session, visitor, owner, lang: python, keptAs: 'k' }
      return records.enterPlace(ask, { ...bounds, ...also }).then((answer) => ({ ...answer, session }))
    }
    const open = (id: SessionId, visitor?: Visitor) => {
      const at = new Date()
      const row = { id, lang: python, sandbox: newSandbox(), sandboxKey: 'k', tokenHash: 'ab'.repeat(32), epoch: 1, owner: 'a' }
      return records.sessionOpened({ ...row, startedAt: at, lifeEndsAt: at, ...(visitor && { visitor }) })
    }
    return { records, enter, open }
  }
  const codes = async (asked: Promise<{ code: string }>[]) => (await Promise.all(asked)).map(({ code }) => code).toSorted()

  test('forty that ask at once, of two servers, get the sessions that there are and not one more', async () => {
    const { enter } = await world()
    const at = network()
    const asked = await codes(
      Array.from({ length: 40 }, (_, n) => enter(at(n), { sessionsMax: 7, queueMax: 3 }, n % 2 ? 'a' : 'b')),
    )
    expect(asked.filter((code) => code === 'entered').length).toBe(7)
    expect(asked.filter((code) => code === 'waiting').length).toBeGreaterThanOrEqual(3)
  })

  test('of one address twenty that ask at once get its number', async () => {
    const { enter } = await world()
    const one = network()(1)
    const asked = await codes(Array.from({ length: 20 }, (_, n) => enter(one, { perAddressMax: 5 }, n % 2 ? 'a' : 'b')))
    expect(asked).toEqual([
      ...Array.from({ length: 5 }, () => 'entered'),
      ...Array.from({ length: 15 }, () => 'too_many_sessions'),
    ])
  })

  test('a place leases a free member in the same call; who waits or is refused leases none', async () => {
    const { records, enter } = await world()
    const member = { sandbox: newSandbox(), lang: python, keptAs: 'k', owner: 'b', key: 'key', address: '10.0.0.1:7' }
    await records.memberReady(member)
    const at = network()
    expect(await enter(at(1), { sessionsMax: 0 })).toMatchObject({ code: 'waiting', place: 1 })
    expect(await enter(at(2), { perAddressMax: 0 })).toMatchObject({ code: 'too_many_sessions' })
    const [first] = await records.placeTurns('a', [], 0)
    expect(first).toBeUndefined()

    expect(await enter(at(3))).toMatchObject({ code: 'entered', member: { ...member, owner: 'a' } })
    const { member: none } = (await enter(at(4))) as { member?: unknown }
    expect(none).toBeUndefined()
  })

  test('a session counts from its place to its end, as the one visitor, and its starts for a minute', async () => {
    const { records, enter, open } = await world()
    const one = network()(1)
    const { session } = await enter(one)
    await open(session, one)
    await records.leavePlaces([session])
    expect((await enter(one, { perAddressMax: 1 })).code).toBe('too_many_sessions')
    expect((await enter(network()(1), { sessionsMax: 1 })).code).toBe('waiting')

    await records.sessionEnded(session, 'left')
    await records.expirePlaces(LONG_MS)
    const again = await enter(one, { perAddressMax: 1, startsPerMinute: 1 })
    expect(again).toMatchObject({ code: 'too_fast', retryAfterMs: expect.any(Number) })
    expect((again as { retryAfterMs?: number }).retryAfterMs).toBeGreaterThan(30_000)
    expect((again as { retryAfterMs?: number }).retryAfterMs).toBeLessThanOrEqual(60_001)
  })

  test('turns are given to those of every server, and each hears of its own', async () => {
    const { records, enter } = await world()
    const [at, other] = [network(), network()]
    const full = { sessionsMax: 1, queueMax: 2 }
    const held = await enter(at(1), full)
    const [second, alone] = [await enter(at(2), full), await enter(other(1), full, 'b')]
    expect([second, alone]).toMatchObject([
      { code: 'waiting', place: 1 },
      { code: 'waiting', place: 1 },
    ])
    expect(await records.placeTurns('a', [second.session], 1)).toEqual([{ session: second.session, place: 2 }])
    const third = await enter(at(3), full)
    expect(third.code).toBe('queue_full')

    await records.leavePlaces([held.session])
    expect(await records.placeTurns('a', [second.session], 1)).toEqual([{ session: second.session, place: 0 }])
    expect(await records.placeTurns('a', [second.session], 1)).toEqual([{ session: second.session, place: 0 }])
    expect(await records.placeTurns('b', [alone.session], 2)).toEqual([{ session: alone.session, place: 0 }])
  })

  test('who is not waited for any more leaves, and so do the places of a server that is gone', async () => {
    const { records, enter } = await world()
    const at = network()
    const full = { sessionsMax: 1 }
    const [held, , mine] = [await enter(at(1), full, 'gone'), await enter(at(2), full, 'a'), await enter(at(3), full, 'a')]
    expect(await records.placeTurns('a', [mine.session], 1)).toEqual([{ session: mine.session, place: 1 }])
    await records.forgetReplicas(['gone'])
    expect(await records.placeTurns('a', [mine.session, held.session], 1)).toEqual([{ session: mine.session, place: 0 }])
    await records.expirePlaces(LONG_MS)
    expect((await enter(at(4), full)).code).toBe('waiting')
    await records.expirePlaces(0)
    expect(await records.placeTurns('a', [mine.session], 1)).toEqual([])
  })

  test('two hundred of one network who come to both servers at once hold up nobody from elsewhere', async () => {
    const { records, enter } = await world()
    const [crowd, other] = [network(), network()]
    const few = { sessionsMax: 10, queueMax: 20 }
    const came = await Promise.all(Array.from({ length: 200 }, (_, n) => enter(crowd(n), few, n % 2 ? 'a' : 'b')))
    const alone = await enter(other(1), few, 'b')
    expect(alone).toMatchObject({ code: 'waiting', place: 1 })

    const [first] = came.filter(({ code }) => code === 'entered')
    if (first) await records.leavePlaces([first.session])
    expect(await records.placeTurns('b', [alone.session], 10)).toEqual([{ session: alone.session, place: 0 }])
  })

  test('whoever waits, the order is the one that the domain says', async () => {
    const { records, enter } = await world()
    const [held, waiting]: [Visitor[], (Visitor & { session: SessionId })[]] = [[], []]
    const [one, two, three] = [network(), network(), network()]
    const draws = fc.sample(fc.tuple(fc.constantFrom(one, two, three), fc.nat(2)), { numRuns: 52, seed: 7 })
    const visitors = draws.map(([at, host]) => at(host))
    for (const visitor of visitors.slice(0, 12)) {
      await enter(visitor)
      held.push(visitor)
    }
    for (const visitor of visitors.slice(12)) {
      waiting.push({ ...visitor, session: (await enter(visitor, { sessionsMax: 12 })).session })
    }
    const told = await records.placeTurns(
      'a',
      waiting.map(({ session }) => session),
      12,
    )
    expect(told.toSorted((a, b) => a.place - b.place).map(({ session }) => session)).toEqual(
      inTurn(waiting, held).map(({ session }) => session),
    )
  })
}
