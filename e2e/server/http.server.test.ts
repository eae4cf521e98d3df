import { createServer, connect, type AddressInfo } from 'node:net'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { ask, askRaw, headerOf, type RawAnswer } from './raw-http.ts'
import { rawSocket } from './raw-socket.ts'

let server: OwnServer
let silent: ReturnType<typeof thousandSilent>
beforeAll(async () => {
  server = await ownServer('http-test', { DRAGOMAN_POOL_MEMORY_MIB: '0' })
  silent = thousandSilent(server.url)
})
// Whatever came, the server is as it was.
afterEach(async () => {
  expect((await ask(server.url, '/healthz')).status).toBe(200)
})
afterAll(async () => {
  silent.end()
  await server.stop()
})

const EVIL = 'evil.example'
const SCRIPT_SOURCES = /^script-src 'self' 'nonce-[0-9a-f]{32}' 'strict-dynamic'$/
const scriptSources = (answer: RawAnswer) =>
  headerOf(answer, 'content-security-policy')
    ?.split('; ')
    .find((line) => line.startsWith('script-src'))

test.each(
  [
    ['/py', 301, '/python'],
    ['/PYTHON', 301, '/python'],
    ['/python/', 301, '/python'],
    ['/py?theme=dark', 301, '/python?theme=dark'],
    ['/nolang', 404],
    ['/__proto__', 404],
    ['/constructor', 404],
    ['/toString', 404],
    ['/%2e%2e', 404],
    ['/python/../c', 404],
    ['/%F0%9F%90%8D', 404],
    ['/en/python', 404],
    ['/admin', 404],
    ['/python%00', 400],
    ['/%c0%ae%c0%ae', 400],
    ['//evil.example', 400],
    ['/\\evil.example', 400],
    ['*', 400],
    [`/${'x'.repeat(8192)}`, 414],
  ].map(([path, status, location]) => ({ title: String(path).slice(0, 40), path: String(path), status, location })),
)('GET $title is answered as a path of its kind', async ({ path, status, location }) => {
  const answer = await ask(server.url, path)

  expect([answer.status, headerOf(answer, 'location')]).toEqual([status, location])
  expect(answer.head + answer.body).not.toMatch(/at .*\.ts:\d|node_modules/)
})

test.each([
  '/package.json',
  '/.env',
  '/.git/config',
  '/langs/python.yaml',
  '/_next/static/../../package.json',
  '/_next/static/%2e%2e/%2e%2e/package.json',
  '/_next/static/..%2f..%2fpackage.json',
  '/_next/server/app/page.js',
  '/_next/BUILD_ID',
  '/_next/data/x/python.json',
  '/__nextjs_original-stack-frame',
])('no file lies at %s', async (path) => {
  expect((await ask(server.url, path)).status).toBe(404)
})

test.each(['HEAD', 'GET'])('%s of a page is answered', async (method) => {
  expect((await ask(server.url, '/python', { method })).status).toBe(200)
})

test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'])('%s is of no use anywhere', async (method) => {
  for (const path of ['/', '/python', '/healthz', '/readyz', '/metrics', '/_next/static/x.js']) {
    expect([path, (await ask(server.url, path, { method, headers: ['Content-Length: 2'], body: 'hi' })).status]).toEqual([
      path,
      405,
    ])
  }
})

test('a form, an action of a page, and a body of a hundred megabytes are refused before they are read', async () => {
  const bodies = [
    [
      'Content-Type: multipart/form-data; boundary=x',
      `--x\r\nContent-Disposition: form-data; name="0"\r\n\r\n{"then":"$1:__proto__:then"}\r\n--x--\r\n`,
    ],
    ['Content-Type: application/x-www-form-urlencoded', 'lang=python'],
    [`Next-Action: ${'a'.repeat(42)}`, '["$F1"]'],
    ['Content-Type: application/json', `${'['.repeat(10_000)}`],
  ] as const
  for (const [header, body] of bodies) {
    const headers = [header, `Content-Length: ${body.length}`]
    expect((await ask(server.url, '/', { method: 'POST', headers, body })).status).toBe(405)
  }
  const huge = { method: 'POST', headers: ['Content-Length: 100000000'], body: 'x'.repeat(64 * 1024) }
  expect((await ask(server.url, '/', huge)).status).toBe(405)
})

test.each([
  'x-middleware-subrequest: middleware:middleware:middleware:middleware:middleware',
  'x-middleware-subrequest: proxy:proxy:proxy:proxy:proxy',
  'x-middleware-subrequest: src/proxy:src/proxy:src/proxy:src/proxy:src/proxy',
  `x-middleware-rewrite: http://${EVIL}/`,
  `x-middleware-next: 1\r\nx-middleware-override-headers: host`,
  `x-forwarded-host: ${EVIL}`,
  `x-forwarded-proto: ${EVIL}`,
  `forwarded: host=${EVIL}`,
  `x-original-url: /${EVIL}`,
  `x-invoke-path: /${EVIL}`,
  `x-matched-path: /${EVIL}`,
  `x-now-route-matches: 1=${EVIL}`,
  `x-nextjs-data: 1`,
  `x-nextjs-redirect: //${EVIL}`,
  `next-action: ${'a'.repeat(42)}`,
  `next-url: /${EVIL}`,
  'next-router-state-tree: %5B%22__proto__%22',
  'next-router-prefetch: 1',
  `x-dragoman-nonce: ${EVIL}`,
  `x-dragoman-path: /${EVIL}`,
  `content-security-policy: script-src ${EVIL}`,
  `content-security-policy-report-only: script-src ${EVIL}`,
  'sec-fetch-site: cross-site',
  'range: bytes=9-1',
])('a page is the same with the header %s', async (header) => {
  const answer = await ask(server.url, '/python', { headers: header.split('\r\n') })

  expect(answer.status).toBe(200)
  expect(scriptSources(answer)).toMatch(SCRIPT_SOURCES)
  expect(answer.head + answer.body).not.toContain(EVIL)
  expect(answer.body).toContain('<title>Python')
})

test('a page’s own parameters come from its path and not from the query', async () => {
  for (const query of ['lang=python', 'nxtPlang=python', '__nextLocale=en&__nextDefaultLocale=en']) {
    expect((await ask(server.url, `/nolang?${query}`)).status).toBe(404)
  }
  const smuggled = await ask(server.url, '/python?lang=bash&nxtPlang=bash')
  expect(smuggled.status).toBe(200)
  expect(smuggled.body).toContain('<title>Python')
})

test('what asks for a part of a page gets no more than the page, and no fault', async () => {
  const trees = ['%zz', encodeURIComponent('["__proto__",{}]'), encodeURIComponent('['.repeat(3000)), '']
  for (const tree of trees) {
    const headers = ['RSC: 1', `Next-Router-State-Tree: ${tree}`]
    const turned = await ask(server.url, '/python', { headers })
    // The query is a sum of these headers; whoever lacks it is sent to where it is right.
    const location = headerOf(turned, 'location') ?? '/python'
    expect(location).toMatch(/^\/python(\?|$)/)
    expect((await ask(server.url, location, { headers })).status).toBe(200)
  }
})

test('a Host that is not ours is in no answer, and makes no link', async () => {
  for (const path of ['/py', '/python', '/', '/healthz/', '/nolang']) {
    const answer = await ask(server.url, path, { host: EVIL })
    expect(answer.head + answer.body).not.toContain(EVIL)
    expect(headerOf(answer, 'location') ?? '/').toMatch(/^\/(?!\/)/)
    expect(headerOf(answer, 'set-cookie')).toBeUndefined()
  }
})

test.each([
  ['two lengths', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  ['a length below zero', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'],
  ['chunks and a length', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a\u0001b\r\n\r\n'],
  ['no method', 'lolhello\r\n\r\n'],
  ['a method of nobody', 'FROB / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['another host in the target', `GET http://${EVIL}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`],
  ['lines that end in LF alone', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
  ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n'],
  ['NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'],
  ['bytes in the target', 'GET /\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['the next version', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['TLS', Buffer.from('160301000100', 'hex')],
])('a request with %s is answered 400 and closed', async (_, bytes) => {
  expect((await askRaw(server.url, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)).status).toBe(400)
})

test('headers without end are refused at 16 KiB', async () => {
  const [one, many] = ['x'.repeat(20_000), 'X: a\r\n'.repeat(4000)]
  expect((await askRaw(server.url, `GET / HTTP/1.1\r\nHost: a\r\nX: ${one}\r\n\r\n`)).status).toBe(431)
  expect((await askRaw(server.url, `GET / HTTP/1.1\r\nHost: a\r\n${many}\r\n`)).status).toBe(431)
})

test('a second request hidden behind the first is not answered, and the connection is closed', async () => {
  const hidden = `GET /nolang HTTP/1.1\r\nHost: a\r\n\r\n`
  const bodies = [`Content-Length: ${hidden.length}\r\n\r\n${hidden}`, `Transfer-Encoding: chunked\r\n\r\nzz\r\n${hidden}`]
  for (const body of bodies) {
    for (const method of ['GET', 'POST']) {
      const answer = await askRaw(server.url, `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${body}`)
      expect(answer.status).toBeLessThan(500)
      expect(answer.status).not.toBe(404)
      expect(answer.body).not.toContain('HTTP/1.1 404')
    }
  }
})

test('only the socket path can be upgraded, and nothing is proxied', async () => {
  const reached = await listener()
  for (const path of ['/', '/python', '/healthz', '/_next/webpack-hmr', `${reached.url}/`, `/${reached.url}/`]) {
    expect((await rawSocket(server.url, { path, origin: server.url })).status).toBe(400)
  }
  expect((await ask(server.url, '/', { headers: ['Upgrade: h2c', 'Connection: Upgrade'] })).status).toBe(400)
  expect((await askRaw(server.url, `CONNECT ${EVIL}:443 HTTP/1.1\r\nHost: ${EVIL}\r\n\r\n`)).status).toBeUndefined()
  expect(reached.count()).toBe(0)
  reached.close()
})

test('the image optimiser fetches nothing for anybody', async () => {
  const reached = await listener()
  const { port } = new URL(reached.url)
  const targets = [
    `${reached.url}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    `http://0.0.0.0:${port}/`,
    `http://2130706433:${port}/`,
    `//127.0.0.1:${port}/`,
    `/\\127.0.0.1:${port}/`,
    'file:///etc/passwd',
    'http://169.254.169.254/',
    '/metrics',
    '/../../package.json',
  ]
  for (const target of targets) {
    const answer = await ask(server.url, `/_next/image?url=${encodeURIComponent(target)}&w=64&q=75`)
    expect([target, answer.status]).toEqual([target, 404])
  }
  expect(reached.count()).toBe(0)
  reached.close()
})

test('the places for machines say what they should and nothing else', async () => {
  const health = await ask(server.url, '/healthz?x=%00')
  expect(JSON.parse(health.body)).toMatchObject({ ok: true, checks: expect.any(Object) })
  expect(headerOf(health, 'cache-control')).toBe('no-store')
  expect((await ask(server.url, '/readyz')).status).toBe(200)
  expect(headerOf(await ask(server.url, '/metrics'), 'content-type')).toContain('text/plain')
  for (const path of ['/HEALTHZ', '/healthz%2f', '/metrics/x', '/healthz;x'])
    expect((await ask(server.url, path)).status).toBe(404)
  for (const path of ['/socket.io/', '/socket.io/socket.io.js', '/socket.io/?EIO=4&transport=websocket']) {
    expect((await ask(server.url, path)).status).toBe(400)
  }
})

test('a file of the pages comes whole whatever range of it is asked for in vain', async () => {
  const page = await ask(server.url, '/python')
  const path = /\/_next\/static\/[^"]+\.js/.exec(page.body)?.[0] ?? 'none'
  const whole = await ask(server.url, path)
  expect(whole.status).toBe(200)
  expect(headerOf(whole, 'x-content-type-options')).toBe('nosniff')
  for (const range of ['bytes=9-1', 'bytes=-', `bytes=${'0-0,'.repeat(1000)}1-1`, 'lines=1-2', 'bytes=99999999999999999999-']) {
    const answer = await ask(server.url, path, { headers: [`Range: ${range}`] })
    expect([answer.status, answer.body.length]).toEqual([200, whole.body.length])
  }
})

test('a thousand requests at once are all answered', async () => {
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, n) => ask(server.url, n % 2 ? '/python' : '/healthz')))

  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
})

// Opened before everything else, so that the rest of this file goes on among them.
test('a thousand connections that say nothing, or one byte now and then, have kept nobody out and are closed', async () => {
  await silent.closed
})

/** Half of them send a header that never ends, byte by byte. Settled when the server has closed them all. */
function thousandSilent(url: string) {
  const { hostname, port } = new URL(url)
  const sockets = Array.from({ length: 1000 }, (_, n) => {
    const socket = connect(Number(port), hostname, () => n % 2 && socket.write('GET / HTTP/1.1\r\nX: '))
    return socket.on('error', () => {}).resume()
  })
  const drip = setInterval(() => sockets.forEach((socket, n) => n % 2 && socket.writable && socket.write('x')), 500)
  const closed = Promise.all(sockets.map((socket) => new Promise((done) => socket.once('close', done))))
  return { closed: closed.finally(() => clearInterval(drip)), end: () => sockets.forEach((socket) => socket.destroy()) }
}

/** Somebody who must hear nothing. */
async function listener() {
  let count = 0
  const trap = createServer((socket) => {
    count += 1
    socket.destroy()
  })
  await new Promise<void>((done) => trap.listen(0, '127.0.0.1', done))
  const { port } = trap.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, count: () => count, close: () => trap.close() }
}
