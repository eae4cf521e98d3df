import { createServer, type IncomingMessage, request as ask, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { pipeline, type Readable, Transform } from 'node:stream'

import { addressOf } from './addresses.ts'
import type { Registry } from './registries.ts'

/** A package manager asks for some twenty at once. */
export const CONNECTIONS_MAX = 64
/** All that a recipe sends and gets. */
export const BYTES_MAX = 4 * 1024 ** 3
const CONNECT_MS_MAX = 15_000
/** A registry that says nothing for so long is gone. */
const SILENCE_MS_MAX = 60_000
/** What a recipe asks for is not all told: it may ask for much. */
const REFUSALS_TOLD = 20
const SERVER_ERROR = 500
const HOP_BY_HOP = /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i

type Told = {
  /** Of what is not allowed, as a sentence. */
  refused(what: string): void
  /** Of an allowed one that does not answer. */
  unreachable(what: string): void
}
type Limits = { readonly bytesMax?: number; readonly connectionsMax?: number }

/** A forward proxy to the origins of some registries: tunnels to those by https, reading from those by http. */
export function registryProxy(registries: readonly Registry[], told: Told, limits: Limits = {}) {
  const { bytesMax = BYTES_MAX, connectionsMax = CONNECTIONS_MAX } = limits
  const tell = limitedTimes(REFUSALS_TOLD, told.refused)
  const upstreams = new Set<{ destroy(): unknown }>()
  let bytes = 0

  const counted = () =>
    new Transform({
      transform(chunk: Buffer, _, next) {
        bytes += chunk.length
        if (bytes <= bytesMax) return next(null, chunk)
        tell(`no more than ${bytesMax} bytes may pass`)
        next(new Error('the recipe has had its share'))
      },
    })

  /** The registry that has this origin; ports are compared as numbers, names in lower case, as URLs have them. */
  const registryOf = (url: URL | undefined) =>
    url && registries.find(({ addresses }) => addresses.some(({ origin }) => origin === url.origin))

  const server = createServer((request, response) => void forward(request, response))
  server.maxConnections = connectionsMax
  server.on('connect', (request, socket, head) => void tunnel(request, socket as Socket, head))
  server.on('clientError', (_, socket) => void socket.destroy())

  async function tunnel(request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    client.on('error', () => client.destroy())
    const target = /^[^\s/@?#]+:\d{1,5}$/.test(request.url ?? '') ? `https://${request.url}` : ''
    const url = URL.parse(target) ?? undefined
    const registry = registryOf(url)
    if (!url || !registry) {
      tell(notAllowed(String(request.url)))
      return void client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
    }
    try {
      const upstream = await dial(url, registry)
      if (client.destroyed) return void upstream.destroy()
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (head.length > 0) upstream.write(head)
      upstream.setTimeout(SILENCE_MS_MAX, () => {
        told.unreachable(`${url.host} said nothing for ${SILENCE_MS_MAX / 1000} s`)
        upstream.destroy()
      })
      // Not when the recipe itself let go.
      upstream.once('error', (error) => {
        if ('syscall' in error && !client.destroyed) told.unreachable(`${url.host} broke off: ${reasonOf(error)}`)
      })
      pipeline(client, counted(), upstream, () => undefined)
      pipeline(upstream, counted(), client, () => undefined)
    } catch (error) {
      told.unreachable(`${url.host} cannot be reached: ${reasonOf(error)}`)
      client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')
    }
  }

  async function dial(url: URL, registry: Registry): Promise<Socket> {
    const host = await addressOf(url.hostname, registry.mayBePrivate)
    const socket = connect({ host, port: portOf(url) })
    upstreams.add(socket)
    socket.once('close', () => upstreams.delete(socket))
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error('it does not answer')))
      socket.once('connect', resolve).once('error', reject)
    })
    return socket
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined)
    const url = URL.parse(request.url ?? '') ?? undefined
    const registry = registryOf(url)
    if (!url || url.protocol !== 'http:' || !registry) {
      tell(notAllowed(url ? url.origin : 'what is no address'))
      return answer(response, 403)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      tell(`${String(request.method)} to ${url.host}: it may only be read`)
      return answer(response, 405)
    }
    try {
      const found = await fetched(url, registry, request)
      if ((found.statusCode ?? SERVER_ERROR) >= SERVER_ERROR) told.unreachable(`${url.host} answers ${found.statusCode}`)
      response.writeHead(found.statusCode ?? SERVER_ERROR, endToEnd(found.headers))
      pipeline(found as Readable, counted(), response, (error) => {
        if (error && !found.complete && 'syscall' in error) told.unreachable(`${url.host} broke off: ${reasonOf(error)}`)
      })
    } catch (error) {
      told.unreachable(`${url.host} cannot be reached: ${reasonOf(error)}`)
      answer(response, 502)
    }
  }

  async function fetched(url: URL, registry: Registry, { method, headers }: IncomingMessage): Promise<IncomingMessage> {
    const host = await addressOf(url.hostname, registry.mayBePrivate)
    return new Promise((resolve, reject) => {
      const asking = ask({
        ...{ host, port: portOf(url), method, path: `${url.pathname}${url.search}`, agent: false, setHost: false },
        headers: { ...endToEnd(headers), host: url.host, connection: 'close' },
        timeout: SILENCE_MS_MAX,
      })
      upstreams.add(asking)
      asking.once('close', () => upstreams.delete(asking))
      asking.once('timeout', () => asking.destroy(new Error('it does not answer')))
      asking.once('response', resolve).once('error', reject).end()
    })
  }

  return {
    server,
    close(): void {
      server.close()
      server.closeAllConnections()
      for (const upstream of upstreams) upstream.destroy()
    },
  }
}

const portOf = (url: URL) => Number(url.port || (url.protocol === 'https:' ? 443 : 80))

const answer = (response: ServerResponse, status: number) => void response.writeHead(status, { connection: 'close' }).end()

const endToEnd = (headers: IncomingMessage['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.test(name)))

const notAllowed = (what: string) => `${what} is not of a registry that this recipe may ask`

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

function limitedTimes(times: number, tell: (what: string) => void) {
  let left = times
  return (what: string) => {
    if (left-- > 0) tell(what)
  }
}
