import { io, type Socket } from 'socket.io-client'

import type { Problem } from '#lib/domain/problem.ts'
import type { JobEvent, LspEnd, Phase, ToBrowser, ToServer } from '#lib/protocol/browser.ts'
import type { EndReason } from '#lib/domain/ending.ts'
import * as packets from '#lib/protocol/packets.ts'

/** First wait before the socket is opened again; half of it to one and a half, so that a crowd does not come back at once. */
export const RECONNECT_MS = 400
/** The longest: a page that comes back from sleep finds its session within the grace. */
export const RECONNECT_MS_MAX = 5_000
/** A connection that has not opened by then is tried anew: networks that come back often swallow the first packets. */
export const CONNECT_MS = 8_000
/** An answer that takes longer will not come; a start has its place in the queue told meanwhile and may take long. */
export const ANSWER_MS = 20_000
export const START_ANSWER_MS = 300_000

/** A server that goes may ask for no more patience than this. */
const MOVE_MS_MAX = 30_000

export type SocketEvents = {
  opened(): void
  lost(): void
  phase(phase: Phase, place: number | undefined): void
  output(offset: number, bytes: Uint8Array): void
  inputAck(offset: number): void
  job(event: JobEvent): void
  problem(problem: Problem): void
  lspOutput(server: number, offset: number, bytes: Uint8Array): void
  lspEnded(server: number, end: LspEnd): void
  ended(reason: EndReason): void
  replaced(): void
  /** The socket is about to be closed, and opened at another server. */
  moving(): void
}

type CallName = 'start' | 'resume' | 'run' | 'repl' | 'stop' | 'version' | 'format' | 'lsp' | 'leave'
type Body<Name extends CallName> = Parameters<ToServer[Name]>[0]
type AnswerOf<Name extends CallName> = Parameters<Parameters<ToServer[Name]>[1]>[0]

export type SessionSocket = {
  /** Undefined when the connection broke before the answer came: whether it was done is then known after the resume. */
  call<Name extends CallName>(name: Name, body: Body<Name>): Promise<AnswerOf<Name> | undefined>
  input(offset: number, bytes: Uint8Array): void
  ack(offset: number): void
  lspInput(server: number, bytes: Uint8Array): void
  lspAck(server: number, offset: number): void
  lspStop(server: number): void
  resize(cols: number, rows: number): void
  readonly isOpen: boolean
  close(): void
}

/** Opens the socket to the server this page came from, or to `url`. */
export function openSessionSocket(on: SocketEvents, url?: string): SessionSocket {
  const options = {
    path: '/socket.io/',
    transports: ['websocket'],
    parser: packets,
    reconnectionDelay: RECONNECT_MS,
    reconnectionDelayMax: RECONNECT_MS_MAX,
    randomizationFactor: 0.5,
    timeout: CONNECT_MS,
    forceNew: true,
  }
  const socket: Socket<ToBrowser, ToServer> = url === undefined ? io(options) : io(url, options)
  let reopen: ReturnType<typeof setTimeout> | undefined

  socket.on('connect', on.opened)
  socket.on('disconnect', (reason) => {
    on.lost()
    // The server closed it by intent, after which socket.io does not try again of its own accord.
    if (reason === 'io server disconnect')
      reopen = setTimeout(() => socket.connect(), RECONNECT_MS_MAX * (0.5 + Math.random() / 2))
  })
  socket.on('phase', ({ phase, place }) => on.phase(phase, place))
  socket.on('output', (offset, bytes) => on.output(offset, new Uint8Array(bytes)))
  socket.on('input-ack', on.inputAck)
  socket.on('job', on.job)
  socket.on('problem', on.problem)
  socket.on('lsp-output', (server, offset, bytes) => on.lspOutput(server, offset, new Uint8Array(bytes)))
  socket.on('lsp-ended', on.lspEnded)
  socket.on('ended', ({ reason }) => on.ended(reason))
  socket.on('replaced', on.replaced)
  socket.on('move', ({ afterMs }) => {
    clearTimeout(reopen)
    reopen = setTimeout(
      () => {
        on.moving()
        socket.disconnect().connect()
      },
      Math.min(afterMs, MOVE_MS_MAX),
    )
  })

  return {
    async call(name, body) {
      if (!socket.connected) return undefined // socket.io would keep it and send it before the resume
      const waiting = socket.timeout(name === 'start' ? START_ANSWER_MS : ANSWER_MS)
      try {
        return (await waiting.emitWithAck(name, ...([body] as never))) as AnswerOf<typeof name>
      } catch {
        return undefined
      }
    },
    // What is sent while the socket is closed is not kept by socket.io: the input buffer and the resume know better.
    input: (offset, bytes) => void (socket.connected && socket.emit('input', offset, bytes)),
    ack: (offset) => void (socket.connected && socket.emit('ack', offset)),
    lspInput: (server, bytes) => void (socket.connected && socket.emit('lsp-input', server, bytes)),
    lspAck: (server, offset) => void (socket.connected && socket.emit('lsp-ack', server, offset)),
    lspStop: (server) => void (socket.connected && socket.emit('lsp-stop', server)),
    resize: (cols, rows) => void (socket.connected && socket.emit('resize', cols, rows)),
    get isOpen() {
      return socket.connected
    },
    close() {
      clearTimeout(reopen)
      socket.disconnect()
    },
  }
}
