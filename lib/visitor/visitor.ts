import { io, type Socket } from 'socket.io-client'

import { OUTPUT_KEPT_CHARS, type CheckTerminal } from '#lib/application/checks/terminal.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { lspFrame, LspReader } from '#lib/protocol/lsp-frames.ts'
import {
  INPUT_BYTES_MAX,
  type Answer,
  type JobEvent,
  type Started,
  type ToBrowser,
  type ToServer,
} from '#lib/protocol/browser.ts'
import * as packets from '#lib/protocol/packets.ts'

/** A call that is not answered by then is not going to be. */
export const CALL_MS_MAX = 120_000

export type CliVisitor = CheckTerminal & {
  start(lang: string): Promise<Result<Started, Problem>>
  /** Ends the session and the connection; may be called twice. */
  leave(): Promise<void>
}

/** A visitor without a screen: what comes is drawn, and acknowledged, at once. */
export async function cliVisitor(url: string, signal: AbortSignal): Promise<CliVisitor> {
  const socket: Socket<ToBrowser, ToServer> = io(new URL(url).origin, {
    transports: ['websocket'],
    parser: packets,
    forceNew: true,
    reconnection: false,
    extraHeaders: { origin: new URL(url).origin },
  })
  await connected(socket, url, signal)
  const gone = new Promise<Result<never, Problem>>((done) => void socket.once('disconnect', () => done(err({ code: 'lost' }))))

  let [output, over, inputEnd, asked] = ['', undefined as string | undefined, 0, -1]
  let decoder = new TextDecoder()
  let line = newLine()
  let jobs = new Map<number, JobEvent>()
  let { promise: changed, resolve: tell } = Promise.withResolvers<void>()
  const change = () => {
    tell()
    ;({ promise: changed, resolve: tell } = Promise.withResolvers<void>())
  }
  const end = (reason: string) => {
    over ??= reason
    change()
  }
  socket.on('output', (offset, bytes) => {
    const chunk = new Uint8Array(bytes)
    output = (output + decoder.decode(chunk, { stream: true })).slice(-OUTPUT_KEPT_CHARS)
    socket.emit('ack', offset + chunk.length)
    change()
  })
  socket.on('job', (event) => {
    // Told in its place among the output: what came before is the last job's, whose prompt may just have been on its way.
    if (event.state === 'running') [output, decoder] = ['', new TextDecoder()]
    jobs.set(event.job, event)
    change()
  })
  socket.on('ended', ({ reason }) => end(reason))
  socket.on('replaced', () => end('replaced'))
  socket.on('disconnect', () => end('disconnected'))
  signal.addEventListener('abort', () => socket.disconnect(), { once: true })

  socket.on('lsp-output', (server, offset, bytes) => {
    if (server !== line.server) return
    const chunk = new Uint8Array(bytes)
    socket.emit('lsp-ack', server, offset + chunk.length)
    try {
      line.messages.push(...line.reader.push(chunk))
    } catch (error) {
      line.over ??= String(error)
    }
    change()
  })
  socket.on('lsp-ended', (server, { reason, words }) => {
    if (server === line.server) line.over ??= `${reason} ${words}`.trim()
    change()
  })

  const call = <T>(
    event: 'start' | 'run' | 'repl' | 'task' | 'format' | 'lsp' | 'leave',
    body: object,
  ): Promise<Result<T, Problem>> => {
    if (over !== undefined) return Promise.resolve(err({ code: 'session_ended', reason: over }))
    const { promise, resolve } = Promise.withResolvers<Result<T, Problem>>()
    // One cast: the events' own types differ only in the body and value that the caller names.
    ;(socket as unknown as Socket).timeout(CALL_MS_MAX).emit(event, body, (late: Error | null, answer: Answer<T>) => {
      resolve(late ? err({ code: 'lost' }) : answer)
    })
    return Promise.race([promise, gone])
  }
  /** What is printed from here on belongs to a new job, whose number the answer tells. */
  const begin = async (event: 'run' | 'repl', body: object): Promise<Result<{ job: number }, Problem>> => {
    ;[output, decoder, jobs, asked] = ['', new TextDecoder(), new Map(), -1]
    const begun = await call<{ job: number }>(event, body)
    if (begun.ok) asked = begun.value.job
    return begun
  }

  return {
    start: (lang) => call('start', { lang, cols: 80, rows: 24 }),
    run: (files) => begin('run', { files }),
    repl: () => begin('repl', {}),
    task: (name) => call('task', { name }),
    format: (text) => call('format', { text }),
    async languageServer() {
      const started = await call<{ server: number }>('lsp', {})
      if (!started.ok) return started
      const mine = (line = { ...newLine(), server: started.value.server })
      const send = (message: unknown) => socket.emit('lsp-input', mine.server, lspFrame(message))
      return ok({ send, messages: () => mine.messages, over: () => mine.over ?? over, change: () => changed })
    },
    type(text) {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; at += INPUT_BYTES_MAX) {
        const part = bytes.subarray(at, at + INPUT_BYTES_MAX)
        socket.emit('input', inputEnd, part)
        inputEnd += part.length
      }
    },
    output: () => output,
    job: () => jobs.get(asked) ?? { state: 'running' },
    over: () => over,
    change: () => changed,
    async leave() {
      if (socket.connected && over === undefined) await call('leave', {})
      socket.disconnect()
    },
  }
}

type Line = { server: number; messages: unknown[]; reader: LspReader; over: string | undefined }
const newLine = (): Line => ({ server: 0, messages: [], reader: new LspReader(), over: undefined })

function connected(socket: Socket<ToBrowser, ToServer>, url: string, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const giveUp = (why: string) => {
      socket.disconnect()
      fail(new Error(`Cannot reach ${url}: ${why}`))
    }
    socket.once('connect', () => done())
    socket.once('connect_error', (error) => giveUp(error.message))
    signal.addEventListener('abort', () => giveUp(String(signal.reason)), { once: true })
    if (signal.aborted) giveUp(String(signal.reason))
  })
}
