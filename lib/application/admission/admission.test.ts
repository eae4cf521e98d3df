import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryMetrics } from '#lib/adapters/memory/log.ts'

import type { LangId, SessionId } from '#lib/domain/ids.ts'

import { admission } from './admission.ts'

const never = new AbortController().signal

function world(options: Partial<Parameters<typeof admission>[2]> = {}) {
  const clock = memoryClock()
  const gate = admission(clock, memoryMetrics(), {
    sessionsMax: 2,
    perAddressMax: 2,
    startsPerMinute: 60,
    queueMax: 2,
    ...options,
  })
  const ask = { session: 's' as SessionId, wish: { lang: 'c' as LangId, keptAs: '' } }
  const enter = (address: string, place: (n: number) => void = () => {}, signal = never) =>
    gate.enter({ ...ask, address, place, signal })
  return { clock, gate, enter }
}

test('as many as fit enter; the next waits and is told its place', async () => {
  const { enter, gate } = world()
  const first = await enter('a')
  await enter('b')
  const places: number[] = []
  const third = enter('c', (n) => places.push(n))
  expect([places, gate.waiting()]).toEqual([[1], 1])

  if (first.ok) first.value.release()

  expect((await third).ok).toBe(true)
  expect([gate.running(), gate.waiting()]).toEqual([2, 0])
})

test('the address with the fewest sessions is served first, whoever came first', async () => {
  const { enter } = world({ perAddressMax: 10 })
  const [one] = [await enter('crowd'), await enter('crowd')]
  const order: string[] = []
  void enter('crowd').then(() => order.push('crowd'))
  const alone = enter('alone').then(() => order.push('alone'))
  if (one.ok) one.value.release()
  await alone

  expect(order).toEqual(['alone'])
})

test('one address gets its number of sessions, those that wait counted, and not one more', async () => {
  const { enter } = world({ sessionsMax: 1 })
  await enter('a')
  void enter('a')

  expect(await enter('a')).toEqual({ ok: false, error: { code: 'too_many_sessions', max: 2 } })
})

test('a full queue says so', async () => {
  const { enter } = world({ sessionsMax: 1, queueMax: 1 })
  await enter('a')
  void enter('b')

  expect(await enter('c')).toEqual({ ok: false, error: { code: 'queue_full' } })
})

test('starts beyond the rate are told when to come back, and then enter', async () => {
  const { enter, clock } = world({ sessionsMax: 100, perAddressMax: 100, startsPerMinute: 2 })
  await enter('a')
  await enter('a')
  expect(await enter('a')).toEqual({ ok: false, error: { code: 'too_fast', retryAfterMs: 30_000 } })
  expect((await enter('b')).ok).toBe(true)

  clock.advance(30_000)
  expect((await enter('a')).ok).toBe(true)
})

test('who leaves the queue gives the place up, and the others move on', async () => {
  const { enter, gate } = world({ sessionsMax: 1 })
  await enter('a')
  const gone = new AbortController()
  const left = enter('b', () => {}, gone.signal)
  const places: number[] = []
  void enter('c', (n) => places.push(n))
  gone.abort()

  expect(await left).toEqual({ ok: false, error: { code: 'no_room' } })
  expect([places, gate.waiting()]).toEqual([[2, 1], 1])
})

test('a place is given back once, however often it is released', async () => {
  const { enter, gate } = world()
  const place = await enter('a')
  await enter('b')
  if (place.ok) {
    place.value.release()
    place.value.release()
  }

  expect(gate.running()).toBe(1)
})

test('a crowd of addresses in one network fills the queue, and who comes from elsewhere takes the last one’s place in it', async () => {
  const { enter } = world({ queueMax: 3 })
  await enter('10.0.0.9')
  const running = await enter('10.0.0.1')
  const crowd = [2, 3, 4].map((n) => enter(`10.0.0.${n}`))
  const places: number[] = []
  const alone = enter('192.0.2.1', (n) => places.push(n))

  expect(await crowd[2]).toEqual({ ok: false, error: { code: 'queue_full' } })
  expect(places).toEqual([1])
  if (running.ok) running.value.release()
  expect((await alone).ok).toBe(true)
})
