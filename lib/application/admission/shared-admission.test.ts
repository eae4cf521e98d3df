import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryLog, memoryMetrics } from '#lib/adapters/memory/log.ts'
import { memoryRecords } from '#lib/adapters/memory/records.ts'
import type { SandboxId, SessionId } from '#lib/domain/ids.ts'
import { visitorAt } from '#lib/domain/turns.ts'

import { never, python, world as sessions } from '../testing/world.ts'
import { sharedAdmission, TURN_MS, TURN_SOON_MS } from './shared-admission.ts'

/** Two servers that share their records, on a clock that stands still. */
function two(options: Partial<Parameters<typeof sharedAdmission>[1]> = {}) {
  const clock = memoryClock()
  const records = memoryRecords(() => clock.now())
  const bounds = { sessionsMax: 2, perAddressMax: 2, startsPerMinute: 60, queueMax: 2, ...options }
  let n = 0
  const server = (replica: string) => {
    const metrics = memoryMetrics()
    const gate = sharedAdmission({ records, replica, clock, metrics, log: memoryLog() }, bounds)
    gate.beside(2)
    const enter = (address: string, place: (n: number) => void = () => {}, signal = never) => {
      const session = `${++n}`.padStart(32, '0') as SessionId
      return gate.enter({ session, address, wish: { lang: python.id, keptAs: '' }, place, signal })
    }
    return {
      ...{ gate, metrics, enter },
      rejected: (reason: string) => metrics.values.get(`dragoman_sessions_rejected_total{${reason}}`),
    }
  }
  const pass = async (ms: number) => {
    clock.advance(ms)
    await sessions().settled()
  }
  return { a: server('a'), b: server('b'), records, clock, pass }
}

const code = async (entered: ReturnType<ReturnType<typeof two>['a']['enter']>) => {
  const got = await entered
  return got.ok ? 'entered' : got.error.code
}

test('one address has its number of sessions at two servers together, and not one more', async () => {
  const { a, b } = two({ sessionsMax: 10 })
  expect(
    await Promise.all([a.enter('10.0.0.1'), b.enter('10.0.0.1'), a.enter('10.0.0.1'), b.enter('10.0.0.1')].map(code)),
  ).toEqual([...['entered', 'entered', 'too_many_sessions', 'too_many_sessions']])
  expect(await code(b.enter('10.0.0.2'))).toBe('entered')
})

test('starts are counted over both, and the refusal says for how long', async () => {
  const { a, b, pass } = two({ sessionsMax: 10, perAddressMax: 10, startsPerMinute: 2 })
  await a.enter('10.0.0.1')
  await pass(20_000)
  await b.enter('10.0.0.1')
  expect(await a.enter('10.0.0.1')).toEqual({ ok: false, error: { code: 'too_fast', retryAfterMs: 40_001 } })
  await pass(40_001)
  expect(await code(a.enter('10.0.0.1'))).toBe('entered')
})

test('who waits at one server enters when a place is given up at the other, within half a second', async () => {
  const { a, b, pass } = two({ sessionsMax: 1 })
  const held = await a.enter('10.0.0.1')
  const places: number[] = []
  const waits = b.enter('10.0.0.2', (n) => places.push(n))
  await pass(TURN_MS)
  expect([places, b.gate.waiting()]).toEqual([[1], 1])

  if (held.ok) held.value.release()
  await pass(TURN_SOON_MS)
  await pass(TURN_MS)
  expect(await code(waits)).toBe('entered')
})

test('places in the queue are those of all servers, and whoever is turned away for another is told so', async () => {
  const { a, b, pass } = two({ sessionsMax: 1, perAddressMax: 9 })
  await a.enter('10.0.0.1')
  const seen: Record<string, number[]> = { first: [], second: [], other: [] }
  void a.enter('10.0.0.1', (n) => seen['first']?.push(n))
  const second = code(b.enter('10.0.0.1', (n) => seen['second']?.push(n)))
  void b.enter('192.0.2.1', (n) => seen['other']?.push(n))
  await pass(0)
  await pass(TURN_MS)
  expect(await second).toBe('queue_full')
  expect(b.rejected('queue_full')).toBe(1)
  expect(seen).toEqual({ first: [1, 2], second: [2], other: [1] })
})

test('who leaves the queue gives the place up for the other server’s visitors', async () => {
  const { a, b, pass } = two({ sessionsMax: 1 })
  await a.enter('10.0.0.1')
  const gone = new AbortController()
  const left = a.enter('10.0.0.2', () => {}, gone.signal)
  const places: number[] = []
  void b.enter('10.0.0.3', (n) => places.push(n))
  await pass(0)
  gone.abort()
  expect(await code(left)).toBe('no_room')
  await pass(TURN_SOON_MS)
  await pass(TURN_MS)
  expect(places).toEqual([2, 1])
  expect(a.rejected('no_room')).toBeUndefined()
})

test('without records each server lets in its part, and those who wait go on to wait for its own places', async () => {
  const { a, b, records, pass } = two({ sessionsMax: 2, perAddressMax: 9 })
  const held = await a.enter('10.0.0.1')
  await b.enter('10.0.0.2')
  const waits = code(a.enter('10.0.0.3'))
  await pass(0)
  records.fail(true)
  await pass(TURN_MS)
  const alone = code(b.enter('10.0.0.4'))
  await pass(0)
  expect([a.gate.waiting(), b.gate.waiting(), b.gate.running()]).toEqual([1, 1, 1])

  if (held.ok) held.value.release()
  expect(await waits).toBe('entered')
  expect(a.metrics.values.get('dragoman_admission_fallback_total{}')).toBe(1)
  expect(await Promise.race([alone, 'waits'])).toBe('waits')
})

test('what was owed to the records while they were away is settled when they are back', async () => {
  const { a, b, records, pass } = two({ sessionsMax: 1, perAddressMax: 9 })
  const held = await a.enter('10.0.0.1')
  records.fail(true)
  if (held.ok) held.value.release()
  await pass(TURN_SOON_MS)
  records.fail(false)
  await pass(10_000)
  expect(await code(b.enter('10.0.0.2'))).toBe('entered')
})

test('a count that is wrong heals: what nothing came of expires, and a server that is gone holds nothing', async () => {
  const { a, records, clock, pass } = two({ sessionsMax: 1, queueMax: 0 })
  const ask = { visitor: visitorAt('10.0.0.9'), owner: 'gone', lang: python.id, keptAs: '' }
  await records.enterPlace(
    { ...ask, session: 'f'.repeat(32) as SessionId },
    { sessionsMax: 1, perAddressMax: 1, startsPerMinute: 9, queueMax: 0 },
  )
  expect(await code(a.enter('10.0.0.1'))).toBe('queue_full')
  await records.forgetReplicas(['gone'])
  const held = await a.enter('10.0.0.1')
  expect(held.ok).toBe(true)

  await pass(300_000)
  await records.expirePlaces(300_000)
  const [startedAt, lifeEndsAt] = [clock.today(), clock.today()]
  const row = {
    id: 'e'.repeat(32) as SessionId,
    lang: python.id,
    sandbox: 'sb1' as SandboxId,
    sandboxKey: '',
    tokenHash: '',
    epoch: 1,
    owner: 'a',
  }
  await records.sessionOpened({ ...row, startedAt, lifeEndsAt })
  expect(await code(a.enter('10.0.0.2'))).toBe('queue_full')
  await records.expireSessions(0)
  expect(await code(a.enter('10.0.0.3'))).toBe('entered')
})

test('after its stop it asks nobody any more', async () => {
  const { a, clock } = two({ sessionsMax: 0 })
  void a.enter('10.0.0.1')
  await sessions().settled()
  expect(clock.pending()).toBe(1)
  a.gate.stop()
  expect(clock.pending()).toBe(0)
})
