import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Duplex } from 'node:stream'

import { Server } from 'socket.io'

import type { ToBrowser, ToServer } from '#lib/protocol/browser.ts'
import * as packets from '#lib/protocol/packets.ts'

import { addressOf } from './address.ts'
import { listen } from './events.ts'
import { originIsAllowed } from '#lib/domain/origin.ts'
import { watchUnread } from './unread.ts'
import { Visitor, type VisitorWorld } from './visitor.ts'

export const SOCKET_PATH = '/socket.io/'
/** Above one run of the largest program, JSON-escaped; a larger message closes its socket with 1009. */
export const MESSAGE_BYTES_MAX = 1024 * 1024
/** Open sockets of one address, for each session it may have: pages of languages that wait, or whose session has ended. */
export const SOCKETS_PER_SESSION = 8
const PING_INTERVAL_MS = 10_000
const PING_TIMEOUT_MS = 10_000

type SocketWorld = VisitorWorld & {
  /** False when this process could not serve one more. */
  readonly hasRoom: () => boolean
}

export type SocketOptions = {
  readonly origins: readonly string[]
  readonly trustedProxies: number
  readonly sessionsPerAddress: number
}

export type SocketServer = {
  /** Turns new sockets away, and tells each that is open to go to another server, some time within so long. */
  moveAll(withinMs: number): void
  /** How many are open. */
  size(): number
  /** Ends the sockets, not the sessions, and waits for nobody. */
  close(): void
}

/** socket.io on this HTTP server: websocket only, own pages only. */
export function socketServer(http: HttpServer, world: SocketWorld, options: SocketOptions): SocketServer {
  const { metrics } = world
  const socketsMax = options.sessionsPerAddress * SOCKETS_PER_SESSION
  const perAddress = new Map<string, number>()
  let isMoving = false
  const io = new Server<ToServer, ToBrowser>({
    path: SOCKET_PATH,
    transports: ['websocket'],
    parser: packets,
    serveClient: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: MESSAGE_BYTES_MAX,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    connectTimeout: PING_TIMEOUT_MS,
    allowRequest(request, allow) {
      const outcome = turnedAway(request) ?? 'ok'
      metrics.count('dragoman_ws_connect_total', { outcome })
      allow(outcome === 'ok' ? undefined : outcome, outcome === 'ok')
    },
  })

  io.on('connection', (socket) => {
    metrics.set('dragoman_ws_connections', {}, io.engine.clientsCount)
    const visitor = new Visitor(socket, world, addressOf(socket.request, options.trustedProxies))
    listen(socket, visitor, world)
    socket.on('disconnect', (reason) => {
      visitor.left()
      metrics.count('dragoman_ws_disconnects_total', { reason: reason.replaceAll(' ', '_') })
      metrics.set('dragoman_ws_connections', {}, io.engine.clientsCount)
    })
  })

  function turnedAway(request: IncomingMessage): 'draining' | 'bad_origin' | 'no_room' | 'too_many' | undefined {
    const { origin, host } = request.headers
    if (isMoving) return 'draining'
    if (!originIsAllowed({ origin, host, allowed: options.origins })) return 'bad_origin'
    if (!world.hasRoom()) return 'no_room'
    return takePlace(request) ? undefined : 'too_many'
  }

  /** Counted from the handshake to the end of the connection, so that one which says nothing more counts too. */
  function takePlace(request: IncomingMessage): boolean {
    const address = addressOf(request, options.trustedProxies)
    const held = perAddress.get(address) ?? 0
    if (held >= socketsMax) return false
    perAddress.set(address, held + 1)
    request.socket.once('close', () => {
      const left = (perAddress.get(address) ?? 1) - 1
      if (left > 0) perAddress.set(address, left)
      else perAddress.delete(address)
    })
    return true
  }

  // Only our own path may be upgraded; a framework that proxies upgrades would reach places it should not (CVE-2026-44578).
  http.on('upgrade', (request: IncomingMessage, stream: Duplex) => {
    if (!request.url?.startsWith(SOCKET_PATH)) stream.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
  })
  io.attach(http, { path: SOCKET_PATH, destroyUpgrade: false })
  io.engine.on('connection', watchUnread)

  return {
    moveAll(withinMs) {
      isMoving = true
      for (const socket of io.sockets.sockets.values()) socket.emit('move', { afterMs: Math.floor(Math.random() * withinMs) })
    },
    size: () => io.engine.clientsCount,
    close() {
      io.disconnectSockets(true)
      io.engine.close()
    },
  }
}
