import { createHash } from 'node:crypto'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { showcase } from '../../cli/testing/showcase.ts'
import { fillWorkshop } from '../../cli/testing/showcase-workshop.ts'
import { eventStream } from './event-stream.ts'

const NO_POOL = { DRAGOMAN_POOL_MEMORY_MIB: '0', DRAGOMAN_PLAIN_MEMBERS: '0' }

let shop: Awaited<ReturnType<typeof showcase>>
let filled: Awaited<ReturnType<typeof fillWorkshop>>
/** Two that share their records, as replicas do. */
let servers: readonly [OwnServer, OwnServer]
beforeAll(async () => {
  shop = await showcase()
  filled = await fillWorkshop(shop)
  const serve = (name: string) => ownServer(name, { DATABASE_URL: shop.url, ...NO_POOL })
  servers = [await serve('dashboard-one'), await serve('dashboard-two')]
})
afterAll(async () => {
  for (const server of servers ?? []) await server.stop()
  await shop?.stop()
})

const get = (path: string, init?: RequestInit, at = servers[0]) => fetch(at.url + path, init)
const textOf = async (path: string) => (await get(path)).text()

test('a page is named by its content, the same on every server, and sent once to who keeps it', async () => {
  const first = await get('/dashboard/python')
  const etag = first.headers.get('etag') ?? ''
  expect([first.status, first.headers.get('cache-control'), first.headers.get('vary')]).toEqual([
    200,
    'no-cache',
    'accept-encoding',
  ])
  expect((await get('/dashboard/python', {}, servers[1])).headers.get('etag')).toBe(etag)

  const again = await get('/dashboard/python', { headers: { 'if-none-match': `"other", ${etag}` } })
  expect([again.status, await again.text()]).toEqual([304, ''])
  const head = await get('/dashboard/python', { method: 'HEAD' })
  expect([head.status, await head.text(), head.headers.get('etag')]).toEqual([200, '', etag])
})

test('its policy lets its one script run by its hash, and no other', async () => {
  const answer = await get('/dashboard')
  const [, script = ''] = /<script>([^]*?)<\/script>/.exec(await answer.text()) ?? []
  const hash = createHash('sha256').update(script).digest('base64')
  const policy = answer.headers.get('content-security-policy')
  expect(policy).toContain(`script-src 'self' 'sha256-${hash}'; `)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
})

test('every page answers, and none of them but by GET and HEAD', async () => {
  const { broken, going } = filled
  const pages = ['', '/python', '/builds', `/builds/${broken}`, `/builds/${going}?line=3`, '/agents', '/bases', '/rows?id=lua']
  for (const page of pages) expect([page, (await get(`/dashboard${page}`)).status]).toEqual([page, 200])
  for (const method of ['POST', 'PUT', 'DELETE']) expect((await get('/dashboard', { method })).status).toBe(405)
  for (const page of ['/nosuchlang', '/builds/b0000000000000000', '/builds/b0000000000000000/log', '/x/y'])
    expect([page, (await get(`/dashboard${page}`)).status]).toEqual([page, 404])
})

test('what was seen of a broken build leads to its first error, and to its log as harmless text', async () => {
  const page = await textOf(`/dashboard/builds/${filled.broken}`)
  const [, line = ''] = /\?line=(\d+)#L\1"/.exec(page) ?? []
  expect(page).toContain(
    `<div id="L${line}"><a href="#L${line}">${line}</a><code><span class="fg-red bold">error:</span> Cannot satisfy`,
  )

  const log = await get(`/dashboard/builds/${filled.broken}/log`)
  expect(log.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(log.headers.get('content-disposition')).toBe(`attachment; filename="${filled.broken}.log"`)
  const text = await log.text()
  expect(text).toContain('--- package, attempt 1\n==> Unpacking\n')
  expect(text).toContain('\nerror: Cannot satisfy -package base-4.99\n')
  expect(text).not.toContain('\u001b')
})

test('a build that ends anywhere is told to open pages of every server, which find it in the rows they ask for', async () => {
  const streams = [await eventStream(`${servers[0].url}/dashboard/live`), await eventStream(`${servers[1].url}/dashboard/live`)]
  for (const stream of streams) await expect.poll(() => stream.sent[0]?.event).toBe('ready')
  expect(streams.map(({ type }) => type)).toEqual(Array(2).fill('text/event-stream; charset=utf-8'))
  const id = await shop.request('forth')
  const leased = await shop.queue.lease('machine-1', 8)
  expect(leased).toBeDefined()
  await shop.queue.cancel(id, 'ada')

  for (const { sent } of streams) await expect.poll(() => JSON.stringify(sent)).toContain(`"${id}"`)
  expect(JSON.stringify(streams[0]?.sent)).toContain('"forth"')
  for (const server of servers)
    await expect.poll(async () => (await get(`/dashboard/builds/rows?id=${id}`, {}, server)).text()).toContain(`build-${id}`)
  for (const stream of streams) stream.close()
})

test('a log is followed from where a page ends, resumed by the last event, and ended in words', async () => {
  const { going, leased } = filled
  const page = await textOf(`/dashboard/builds/${going}`)
  const [, address = ''] = /data-follow="([^"]+)"/.exec(page) ?? []
  const first = await eventStream(servers[0].url + address)
  const text = (stream: typeof first) =>
    stream.sent.map(({ data }) => Buffer.from((data as { bytes?: string }).bytes ?? '', 'base64').toString()).join('')
  await shop.say(leased, 1, 'one more line\n')
  await expect.poll(() => text(first)).toBe('one more line\n')
  first.close()

  await shop.say(leased, 2, 'and the last\n')
  const resumed = await eventStream(servers[1].url + address, { 'last-event-id': first.sent.at(-1)?.id ?? '' })
  await shop.queue.finish(leased, { outcome: 'failed', reason: 'it was enough' })
  await expect.poll(() => resumed.sent.at(-1)?.event).toBe('done')
  await resumed.ended
  expect(text(resumed)).toBe('and the last\n')
  expect(resumed.sent.map(({ data }) => (data as { kind?: string }).kind)).toEqual(['text', 'attempt_ended', 'end', undefined])
  await expect.poll(() => textOf(`/dashboard/builds/${going}`)).toContain('The log is complete.')
})
