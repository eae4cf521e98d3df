import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

import { afterEach, expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import type { LogEvent } from '#lib/application/builds/log-events.ts'
import type { Changes } from '#lib/application/dashboard/change-feed.ts'
import { LOG_START } from '#lib/domain/log-cursor.ts'

import { dashboard, type DashboardWorld } from './serve.ts'
import { BEAT_MS, STREAMS_PER_ADDRESS_MAX, streams } from './streams.ts'

const ASSETS = { styles: '', script: '/_plain/dashboard-1.js', themeScript: 'theme()' }
const BUILD = '/dashboard/builds/b0123456789abcdef'

const ends: (() => void)[] = []
afterEach(() => ends.splice(0).forEach((end) => end()))

async function world(also: Partial<DashboardWorld> = {}, follow: () => AsyncGenerator<LogEvent> = nothing) {
  const clock = memoryClock()
  const watchers = new Set<(changes: Changes) => void>()
  const open = streams({
    changes: {
      watch(call) {
        watchers.add(call)
        return () => watchers.delete(call)
      },
    },
    logs: { follow },
    clock,
    addressOf: (request) => String(request.headers['x-address'] ?? 'somebody'),
  })
  const records = {
    bases: async () => [],
    build: () => Promise.reject(new Error('away')),
    languages: () => Promise.reject(new Error('away')),
  }
  const parts = {
    overviews: records as unknown as DashboardWorld['overviews'], // no more is asked for
    ...{ agents: async () => [], logs: {} as DashboardWorld['logs'], languages: () => [], today: () => new Date(0) },
    ...{ log: memoryLog(), changes: { version: () => 0 }, streams: open, now: () => 0 },
    ...also,
  }
  const url = await served(dashboard(parts, ASSETS))
  ends.push(() => open.close())
  const ask = (path: string, init: RequestInit = {}) => fetch(url + path, init)
  return { ask, clock, open, watchers }
}

async function served(answers: ReturnType<typeof dashboard>): Promise<string> {
  const http = createServer((request, response) => void (answers(request, response) || response.writeHead(418).end()))
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  ends.push(() => {
    http.closeAllConnections()
    http.close()
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

// oxlint-disable-next-line require-yield
async function* nothing(): AsyncGenerator<LogEvent> {}
const text = (bytes: Uint8Array): LogEvent => ({ kind: 'text', bytes, cursor: LOG_START })

test('only what lies below its path is its own', async () => {
  const { ask } = await world()
  for (const path of ['/', '/dashboards', '/python', '/_plain/dashboard-1.js']) expect((await ask(path)).status).toBe(418)
  expect((await ask('/dashboard/bases')).status).toBe(200)
})

test('while the records are away a page says so; what needs none of them is there', async () => {
  const { ask } = await world()
  const away = await ask('/dashboard')
  expect([away.status, away.headers.get('retry-after'), away.headers.get('etag')]).toEqual([503, '5', null])
  expect(await away.text()).toContain('The records cannot be read just now')
  expect((await ask(`${BUILD}/log`)).status).toBe(503)
  expect((await ask('/dashboard/agents')).status).toBe(200)

  const none = await served(dashboard(undefined, ASSETS))
  expect((await fetch(`${none}/dashboard/live`)).status).toBe(503)
  expect((await fetch(`${none}/`)).status).toBe(418)
})

test('a page is sent compressed to who can read that, and as it is to who cannot', async () => {
  const { ask } = await world()
  const small = await ask('/dashboard/bases', { headers: { 'accept-encoding': 'gzip' } })
  const large = await ask('/dashboard/bases', { headers: { 'accept-encoding': 'identity' } })
  expect([small.headers.get('content-encoding'), large.headers.get('content-encoding')]).toEqual(['gzip', null])
  expect(await small.text()).toBe(await large.text())
  expect(small.headers.get('etag')).toBe(large.headers.get('etag'))
})

test('an open page hears changes and, in a silence, that the line is there; left it is forgotten', async () => {
  const { ask, clock, open, watchers } = await world()
  const leaving = new AbortController()
  const { body } = await ask('/dashboard/live', { signal: leaving.signal })
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  let heard = ''
  const hears = async (words: string) => {
    while (!heard.includes(words)) heard += (await reader?.read())?.value ?? ''
  }
  await hears('event: ready\n')
  for (const call of watchers) call({ langs: [], builds: [], lists: ['agents'] })
  await hears('data: {"langs":[],"builds":[],"lists":["agents"]}\n\n')
  clock.advance(BEAT_MS)
  await hears('\n\n:\n\n')
  leaving.abort()
  await expect.poll(() => [open.size(), watchers.size, clock.pending()]).toEqual([0, 0, 0])
})

test('one address has so many streams and no more; another has its own', async () => {
  const { ask, open } = await world()
  const first = await Promise.all(Array.from({ length: STREAMS_PER_ADDRESS_MAX }, () => ask('/dashboard/live')))
  expect(first.every(({ status }) => status === 200)).toBe(true)
  const refused = await ask('/dashboard/live')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10'])
  expect((await ask('/dashboard/live', { headers: { 'x-address': 'else' } })).status).toBe(200)
  expect((await ask('/dashboard/live', { method: 'HEAD' })).status).toBe(405)
  expect(open.size()).toBe(STREAMS_PER_ADDRESS_MAX + 1)
})

test('a reader that does not read holds up its own log alone, and holds little of it', async () => {
  const piece = new Uint8Array(256 * 1024)
  const asked = { pieces: 0 }
  async function* endless() {
    for (;;) {
      asked.pieces++
      yield text(piece)
    }
  }
  const { ask } = await world({}, endless)
  const { status } = await ask(`${BUILD}/live`)
  expect(status).toBe(200)
  let before = -1
  while (before !== asked.pieces) {
    before = asked.pieces
    await wait(300)
  }
  expect(asked.pieces).toBeLessThan(100)
})

test('a log of a build that never was is done at once', async () => {
  const { ask } = await world()
  expect(await (await ask(`${BUILD}/live?from=nonsense`)).text()).toContain('event: done\n')
})
