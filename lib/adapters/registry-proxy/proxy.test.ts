import { once } from 'node:events'
import { createServer, request as ask, type RequestOptions } from 'node:http'
import { type AddressInfo, connect, createServer as createPlainServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'

import { registryProxy } from './proxy.ts'
import { registryEnv } from './registries.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

type Limits = Parameters<typeof registryProxy>[2]

/** A registry that answers its path, another that answers 503, one that hangs up on tunnels; and a proxy to them. */
async function world({ limits, mayBePrivate = true }: { limits?: Limits; mayBePrivate?: boolean } = {}) {
  const registry = createServer((request, response) => response.end(`${request.headers.host} ${request.url}`))
  const broken = createServer((_, response) => response.writeHead(503).end('later'))
  const echo = createPlainServer((socket) => void socket.on('error', () => undefined).pipe(socket))
  const ports: number[] = []
  for (const server of [registry, broken, echo]) {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    ports.push((server.address() as AddressInfo).port)
    closers.push(() => void server.close())
  }
  const [good = 0, bad = 0, tunnel = 0] = ports
  const addresses = [
    `http://127.0.0.1:${good}/simple/`,
    `http://127.0.0.1:${bad}/`,
    `https://127.0.0.1:${tunnel}/`,
    'https://127.0.0.1:1/',
  ]
  const told = { refused: [] as string[], unreachable: [] as string[] }
  const registries = [{ kind: 'pip' as const, addresses: addresses.map((address) => new URL(address)), mayBePrivate }]
  const proxy = registryProxy(
    registries,
    { refused: (what) => told.refused.push(what), unreachable: (what) => told.unreachable.push(what) },
    limits,
  )
  await once(proxy.server.listen(0, '127.0.0.1'), 'listening')
  closers.push(() => proxy.close())
  const { port } = proxy.server.address() as AddressInfo

  return {
    ...{ good, bad, tunnel, told, registries, proxy },
    async get(path: string, options: RequestOptions = {}) {
      const asking = ask({ port, host: '127.0.0.1', path, agent: false, ...options }).end()
      const [response] = (await once(asking, 'response')) as [import('node:http').IncomingMessage]
      return { status: response.statusCode, body: await text(response) }
    },
    /** What comes back through a tunnel to `at` for what is said. */
    async through(at: string, said: string): Promise<string> {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined)
      socket.end(`CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\n${said}`)
      let heard = ''
      socket.setEncoding('utf8').on('data', (text: string) => void (heard += text))
      await new Promise((resolve) => socket.once('close', resolve)) // after a reset too
      return heard
    },
  }
}

test('an address of the registry is read, whatever host the request claims', async () => {
  const { get, good, told } = await world()
  expect(await get(`http://127.0.0.1:${good}/a?b`, { headers: { host: 'elsewhere' } })).toEqual({
    status: 200,
    body: `127.0.0.1:${good} /a?b`,
  })
  expect(told).toEqual({ refused: [], unreachable: [] })
})

test('other origins are refused and told: another host, port or scheme, a path alone, a name with a user before it', async () => {
  const { get, good, tunnel, told } = await world()
  const others = [
    'http://127.0.0.1:9/',
    `https://127.0.0.1:${good}/`,
    '/a',
    `http://127.0.0.1:${good}@example.org/`,
    `http://127.0.0.1:${tunnel}/`,
  ]
  for (const path of others) expect(await get(path), path).toMatchObject({ status: 403 })
  expect(told.refused).toHaveLength(others.length)
  expect(told.unreachable).toEqual([])
})

test('nothing is written to a registry', async () => {
  const { get, good, told } = await world()
  for (const method of ['POST', 'PUT', 'DELETE']) {
    expect(await get(`http://127.0.0.1:${good}/`, { method })).toMatchObject({ status: 405 })
  }
  expect(told.refused).toHaveLength(3)
})

test('a tunnel leads to a registry by https, and to nothing else', async () => {
  const { through, good, tunnel, told } = await world()
  expect(await through(`127.0.0.1:${tunnel}`, 'hello')).toBe('HTTP/1.1 200 Connection established\r\n\r\nhello')
  for (const at of [`127.0.0.1:${good}`, `x@127.0.0.1:${tunnel}`, `127.0.0.1:${tunnel}/a`, '127.0.0.1', '']) {
    expect(await through(at, 'hello'), at).not.toContain('hello')
  }
  expect(told.unreachable).toEqual([])
})

test('a registry that is not there, or says that it cannot, is told apart from one that was refused', async () => {
  const { through, get, bad, told } = await world()
  expect(await through('127.0.0.1:1', '')).toMatch(/^HTTP\/1.1 502/)
  expect(await get(`http://127.0.0.1:${bad}/`)).toEqual({ status: 503, body: 'later' })
  expect(told).toEqual({
    refused: [],
    unreachable: ['127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1', `127.0.0.1:${bad} answers 503`],
  })
})

test('a public registry that turns out to be on this machine is not dialled', async () => {
  const { get, good, told } = await world({ mayBePrivate: false })
  expect(await get(`http://127.0.0.1:${good}/`)).toMatchObject({ status: 502 })
  expect(told.unreachable[0]).toContain('only private addresses')
})

test('more bytes than a recipe has are cut off', async () => {
  const { through, tunnel, told } = await world({ limits: { bytesMax: 100_000 } })
  expect((await through(`127.0.0.1:${tunnel}`, 'x'.repeat(200_000))).length).toBeLessThanOrEqual(100_100)
  expect(told.refused[0]).toBe('no more than 100000 bytes may pass')
  expect(told.unreachable).toEqual([])
})

test('more connections than a recipe has are closed', async () => {
  const { proxy } = await world({ limits: { connectionsMax: 1 } })
  const { port } = proxy.server.address() as AddressInfo
  const first = connect(port, '127.0.0.1')
  await once(first, 'connect')
  const second = connect(port, '127.0.0.1').on('error', () => undefined)
  await once(second, 'close')
  expect(first.destroyed).toBe(false)
  first.destroy()
})

test('a recipe is told of the registries it named alone', async () => {
  const { registries, good } = await world()
  const env = registryEnv(registries, 'http://127.0.0.1:3128', '/certificates')
  expect(env).toMatchObject({ https_proxy: 'http://127.0.0.1:3128', PIP_INDEX_URL: `http://127.0.0.1:${good}/simple/` })
  expect(Object.keys(env).filter((name) => /npm|GEM|CPAN|REGISTRY_CARGO/.test(name))).toEqual([])
})
