import { buffer } from 'node:stream/consumers'

import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { memoryLog } from '#lib/adapters/memory/log.ts'
import { memoryObjectStore } from '#lib/adapters/memory/object-store.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { finaliseLogs } from '#lib/application/builds/finalise-logs.ts'
import type { LogEvent } from '#lib/application/builds/log-events.ts'
import { LogFeed } from '#lib/application/builds/log-feed.ts'
import type { Announcements, BuildLogs } from '#lib/application/ports/build-logs.ts'
import type { Leased } from '#lib/application/ports/build-queue.ts'
import { newBuildId, newRequest } from '#lib/application/testing/builds.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { cursorText, LOG_START, logCursor } from '#lib/domain/log-cursor.ts'
import { cutLine, LOG_CHUNK_BYTES_MAX, LOG_HEAD_BYTES_MAX, LOG_TAIL_BYTES_MAX } from '#lib/domain/log-sizes.ts'
import { pgAnnouncements } from './announcements.ts'
import { pgBuildLogs } from './build-logs.ts'
import { pgBuildQueue } from './build-queue.ts'
import { workshopDatabase } from './world.contract.ts'

let postgres: Awaited<ReturnType<typeof workshopDatabase>>
let announcements: ReturnType<typeof pgAnnouncements>
beforeAll(async () => {
  postgres = await workshopDatabase()
  announcements = pgAnnouncements(postgres.database, { url: postgres.url, clock: systemClock, log: memoryLog() })
})
afterAll(async () => {
  await announcements.close()
  await postgres.end()
})

const bytesOf = (text: string) => new TextEncoder().encode(text)

function world(heard: Pick<Announcements, 'on'> = announcements) {
  const queue = pgBuildQueue(postgres.database)
  const logs = pgBuildLogs(postgres.database)
  const objects = memoryObjectStore()
  const log = memoryLog()
  const reads: number[] = []
  const counted: Pick<BuildLogs, 'read'> = {
    read(places) {
      reads.push(places.length)
      return logs.read(places)
    },
  }
  const feed = new LogFeed({ logs: counted, objects, announcements: heard, clock: systemClock, log })
  const follow = async (build: BuildId, from = LOG_START, signal = new AbortController().signal) => {
    const events: LogEvent[] = []
    for await (const event of feed.follow(build, from, signal)) events.push(event)
    return events
  }
  return {
    ...{ queue, logs, objects, reads, feed, follow },
    async attempt(): Promise<Leased> {
      const asked = newRequest()
      await queue.request(asked)
      const leased = await queue.lease(`builder ${asked.id}`, 1)
      if (leased?.build !== asked.id) throw new Error('Another build was ready')
      return leased
    },
    async write(attempt: Leased, ...texts: readonly (string | Uint8Array)[]) {
      for (const [seq, text] of texts.entries()) {
        const appended = await logs.append(attempt, seq, typeof text === 'string' ? bytesOf(text) : text)
        expect(appended).toEqual({ ok: true, value: { next: seq + 1 } })
      }
      await announcements.announce('log')
    },
    fail: (attempt: Leased) => queue.finish(attempt, { outcome: 'failed', reason: 'it broke' }),
    finalise: () => finaliseLogs({ logs, objects, log }),
    chunks: (build: BuildId) => postgres.query('SELECT FROM log_chunk WHERE build = $1', [build]),
  }
}

/** Text and cuts, in words. */
const said = (events: readonly LogEvent[]) =>
  events
    .map((event) =>
      event.kind === 'text' ? new TextDecoder().decode(event.bytes) : event.kind === 'cut' ? `<${event.bytes}>` : '',
    )
    .join('')
const kinds = (events: readonly LogEvent[]) => events.map(({ kind }) => kind)

test('chunks come in order: one that came before is no error, one too early is refused, and after the end all are', async () => {
  const { attempt, logs, fail } = world()
  const leased = await attempt()
  const append = (seq: number) => logs.append(leased, seq, bytesOf(`${seq}`))
  expect(await append(0)).toEqual({ ok: true, value: { next: 1 } })
  expect(await append(0)).toEqual({ ok: true, value: { next: 1 } })
  expect(await append(2)).toEqual({ ok: false, error: { code: 'log_gap', expected: 1 } })
  expect(await append(1)).toEqual({ ok: true, value: { next: 2 } })
  await fail(leased)
  expect(await append(2)).toEqual({ ok: false, error: { code: 'stale_attempt' } })
  expect(await append(1)).toEqual({ ok: true, value: { next: 2 } })
  await expect(logs.append({ ...leased, number: 7 }, 0, bytesOf('x'))).resolves.toEqual({
    ok: false,
    error: { code: 'stale_attempt' },
  })
})

test('a follower is told each attempt, its text, how it ended, and the end', async () => {
  const { attempt, write, follow, queue } = world()
  const leased = await attempt()
  const following = follow(leased.build)
  await write(leased, 'one\n', 'two\n')
  await queue.finish(leased, { outcome: 'infra', reason: 'the network' })
  await postgres.query(`UPDATE build_step SET ready_at = now() WHERE build = $1`, [leased.build])
  const again = (await queue.lease('another builder', 1))!
  await write(again, 'three\n')
  await queue.finish(again, { outcome: 'failed', reason: 'it broke' })

  const events = await following
  expect(events.filter(({ kind }) => kind !== 'text')).toMatchObject([
    { kind: 'attempt', step: 'package', number: 1 },
    { kind: 'attempt_ended', number: 1, outcome: 'infra', reason: 'the network' },
    { kind: 'attempt', step: 'package', number: 2 },
    { kind: 'attempt_ended', number: 2, outcome: 'failed' },
    { kind: 'end', outcome: 'failed', reason: 'it broke' },
  ])
  expect(said(events)).toBe('one\ntwo\nthree\n')
})

test('whoever comes back with a cursor gets exactly what follows it, from chunks and from the object store', async () => {
  const { attempt, write, follow, fail, finalise, chunks } = world()
  const leased = await attempt()
  await write(leased, 'one\n', 'twenty\n', 'three hundred\n')
  await fail(leased)
  const whole = await follow(leased.build)
  const everyRest = async () => {
    const rests: string[] = []
    for (const { cursor } of whole) rests.push(said(await follow(leased.build, logCursor(cursorText(cursor)))))
    return rests
  }
  const rests = await everyRest()
  expect(rests).toEqual(whole.map((_, i) => said(whole.slice(i + 1))))
  const inside = { step: 'package', number: 1, at: 6 } as const
  expect(said(await follow(leased.build, inside))).toBe('enty\nthree hundred\n')

  expect(await finalise()).toBeGreaterThanOrEqual(1)
  expect(await chunks(leased.build)).toEqual([])
  expect(said(await follow(leased.build))).toBe(said(whole))
  expect(said(await follow(leased.build, inside))).toBe('enty\nthree hundred\n')
  expect((await follow(leased.build)).at(-1)).toMatchObject({ kind: 'end', outcome: 'failed' })
})

const chunkOf = (fill: string) => new Uint8Array(LOG_CHUNK_BYTES_MAX).fill(fill.charCodeAt(0))
const KEPT_CHUNKS = (LOG_HEAD_BYTES_MAX + LOG_TAIL_BYTES_MAX) / LOG_CHUNK_BYTES_MAX

test('a log as long as head and tail together is kept whole; one byte more, and the middle goes, told by its size', async () => {
  const { attempt, write, logs, follow, fail, finalise, objects, chunks } = world()
  const leased = await attempt()
  const full = Array.from({ length: KEPT_CHUNKS }, (_, i) => chunkOf(i < KEPT_CHUNKS / 2 ? 'h' : 'm'))
  await write(leased, ...full)
  expect(await chunks(leased.build)).toHaveLength(KEPT_CHUNKS)

  for (let i = 0; i < KEPT_CHUNKS; i++) await logs.append(leased, KEPT_CHUNKS + i, bytesOf(`${i % 10}`))
  await fail(leased)
  // The chunk that began before the tail is gone whole.
  const gone = LOG_CHUNK_BYTES_MAX
  const head = 'h'.repeat(LOG_HEAD_BYTES_MAX)
  const tail =
    'm'.repeat(LOG_TAIL_BYTES_MAX - LOG_CHUNK_BYTES_MAX) + Array.from({ length: KEPT_CHUNKS }, (_, i) => `${i % 10}`).join('')
  const live = await follow(leased.build)
  expect(said(live) === `${head}<${gone}>${tail}`).toBe(true)

  await finalise()
  const key = `logs/${leased.build}/package.1.log`
  const kept = await buffer((await objects.get(key as never))!.bytes)
  expect(kept.toString() === `${head}${cutLine(gone)}${tail}`).toBe(true)
  const later = await follow(leased.build)
  expect(said(later) === said(live)).toBe(true)
  const inTail = { step: 'package', number: 1, at: LOG_HEAD_BYTES_MAX + 2 * gone + 7 } as const
  expect(said(await follow(leased.build, inTail)) === tail.slice(gone + 7)).toBe(true)
})

test('an endless log keeps its first and its last bytes and costs no more room', async () => {
  const { attempt, logs, chunks, fail, follow } = world()
  const leased = await attempt()
  const rounds = 3 * KEPT_CHUNKS
  for (let seq = 0; seq < rounds; seq++) await logs.append(leased, seq, chunkOf(seq % 2 ? 'o' : 'e'))
  expect((await chunks(leased.build)).length).toBeLessThanOrEqual(KEPT_CHUNKS)
  await fail(leased)
  const events = await follow(leased.build)
  expect(kinds(events).filter((kind) => kind === 'cut')).toHaveLength(1)
  const length = events.reduce(
    (sum, event) => sum + (event.kind === 'text' ? event.bytes.length : event.kind === 'cut' ? event.bytes : 0),
    0,
  )
  expect(length).toBe(rounds * LOG_CHUNK_BYTES_MAX)
})

test('a chunk that is too large is refused, and so is an empty one', async () => {
  const { attempt, logs } = world()
  const leased = await attempt()
  for (const bytes of [new Uint8Array(LOG_CHUNK_BYTES_MAX + 1), new Uint8Array()]) {
    await expect(logs.append(leased, 0, bytes)).rejects.toThrow('log_chunk_size')
  }
})

test('the log of a killed attempt is finalised with its reason; while the object store is away it stays in chunks', async () => {
  const { attempt, write, queue, objects, finalise, chunks, follow } = world()
  const leased = await attempt()
  await write(leased, 'and then\n')
  await finalise()
  expect(await chunks(leased.build)).toHaveLength(1) // it is still at work

  const live = (await queue.live()).find(({ build }) => build === leased.build)!
  await queue.lose(live, 'Nothing was heard of it')
  const put = vi.spyOn(objects, 'put').mockRejectedValue(new Error('ENOSPC'))
  await finalise()
  expect(await chunks(leased.build)).toHaveLength(1)
  put.mockRestore()
  const head = vi.spyOn(objects, 'head').mockResolvedValue(undefined)
  await finalise()
  expect(await chunks(leased.build)).toHaveLength(1) // put, but not found there
  head.mockRestore()
  await finalise()
  await finalise()
  expect(await chunks(leased.build)).toEqual([])

  await queue.cancel(leased.build, 'ada')
  const events = await follow(leased.build)
  expect(events).toMatchObject([
    { kind: 'attempt' },
    { kind: 'text' },
    { kind: 'attempt_ended', outcome: 'infra', reason: 'Nothing was heard of it' },
    { kind: 'end', outcome: 'cancelled' },
  ])
})

test('three hundred followers at one place cost one read, and all of them are told', async () => {
  const { attempt, write, follow, fail, reads, feed } = world()
  const leased = await attempt()
  await write(leased, 'before\n')
  const following = Array.from({ length: 300 }, () => follow(leased.build))
  await vi.waitUntil(() => feed.waiting() === 1)
  await write(leased, 'before\n', 'after\n')
  await fail(leased)
  const all = await Promise.all(following)
  expect(new Set(all.map(said))).toEqual(new Set(['before\nafter\n']))
  expect(new Set(reads)).toEqual(new Set([1])) // always one place in one statement
  expect(reads.length).toBeLessThan(15)
  expect(feed.waiting()).toBe(0)
})

test('reading starts nothing, and what never was ends at once', async () => {
  const { attempt, follow, fail, queue } = world()
  const leased = await attempt()
  await fail(leased)
  const before = await queue.list({ max: 100 })
  expect(kinds(await follow(leased.build))).toEqual(['attempt', 'attempt_ended', 'end'])
  expect(kinds(await follow(leased.build))).toEqual(['attempt', 'attempt_ended', 'end'])
  expect(await follow(newBuildId())).toEqual([])
  expect(await queue.list({ max: 100 })).toEqual(before)
})

test('a follower that leaves waits no longer, and leaves nothing', async () => {
  const { attempt, feed } = world()
  const leased = await attempt()
  const leaving = new AbortController()
  const following = feed.follow(leased.build, LOG_START, leaving.signal)
  expect((await following.next()).value).toMatchObject({ kind: 'attempt' })
  const waits = following.next()
  await vi.waitUntil(() => feed.waiting() === 1)
  leaving.abort()
  expect(await waits).toEqual({ done: true, value: undefined })
  expect(feed.waiting()).toBe(0)
})

test('an announcement that is lost costs a while, not the news', async () => {
  const { attempt, write, follow, fail } = world({ on: () => () => undefined })
  const leased = await attempt()
  const following = follow(leased.build)
  await write(leased, 'unheard\n')
  await fail(leased)
  expect(said(await following)).toBe('unheard\n')
})
