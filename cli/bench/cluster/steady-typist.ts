import { io, type Socket } from 'socket.io-client'

import { inputBuffer } from '#lib/client/input-buffer.ts'
import { CONNECT_MS, RECONNECT_MS, RECONNECT_MS_MAX } from '#lib/client/session-socket.ts'
import { RETRY_MS } from '#lib/client/session.ts'
import type { Answer, Resumed, Started, ToBrowser, ToServer } from '#lib/protocol/browser.ts'
import * as packets from '#lib/protocol/packets.ts'
import { type Account, knownStream, PROGRAM, READY } from './known-stream.ts'

const SIZE = { cols: 80, rows: 24 }
/** With these a page gives its session up; after any other it asks again. */
const OVER = new Set(['no_session', 'session_ended', 'bad_token', 'lost'])

export type SteadyTypist = {
  /** One key; what cannot be sent now is sent after the resume, as from a page. */
  type(key: Uint8Array): void
  isComplete(): boolean
  /** Why the session is gone, which nobody wanted. */
  gone(): string | undefined
  account(): Account
  /** When each new output came. */
  readonly freshAt: readonly number[]
  /** When the connection broke, or was told to move. */
  readonly brokeAt: readonly number[]
  /** Ends the session. */
  leave(): Promise<void>
}

/** A page that does not give up: whatever becomes of its connection, it comes back and goes on where it was. */
export async function steadyTypist(url: string): Promise<SteadyTypist> {
  const socket: Socket<ToBrowser, ToServer> = io(url, {
    ...{ transports: ['websocket'], parser: packets, forceNew: true, extraHeaders: { origin: url }, timeout: CONNECT_MS },
    ...{ reconnectionDelay: RECONNECT_MS, reconnectionDelayMax: RECONNECT_MS_MAX },
  })
  const stream = knownStream()
  const input = inputBuffer((offset, bytes) => socket.emit('input', offset, bytes))
  const [freshAt, brokeAt]: [number[], number[]] = [[], []]
  const ready = Promise.withResolvers<void>()
  let before: string | undefined = '' // the output until the program is ready
  let [kept, gone]: [Started | undefined, string | undefined] = [undefined, undefined]

  function lose(why: string): void {
    gone ??= why
    input.pause()
    ready.reject(new Error(`The session is gone: ${why}`))
    socket.disconnect()
  }

  async function call<T>(event: 'start' | 'resume' | 'run' | 'leave', body: object): Promise<Answer<T>> {
    // One cast: the events' own types differ only in the body and value that the caller names.
    return (await (socket as unknown as Socket).timeout(60_000).emitWithAck(event, body)) as Answer<T>
  }

  async function resume(): Promise<void> {
    if (!kept || !socket.connected) return
    const { session, token } = kept
    const asked = { session, token, offset: stream.next(), inputEnd: input.base, ...SIZE }
    const answer = await call<Resumed>('resume', asked).catch(() => undefined) // the connection broke: the next one asks
    if (!answer) return
    if (answer.ok) input.resume(answer.value.inputEnd)
    else if (OVER.has(answer.error.code)) lose(JSON.stringify(answer.error))
    else setTimeout(() => void resume(), RETRY_MS)
  }

  socket.on('connect', () => void resume())
  socket.on('disconnect', (reason) => {
    input.pause()
    brokeAt.push(performance.now())
    if (reason === 'io server disconnect' && gone === undefined) setTimeout(() => socket.connect(), RECONNECT_MS)
  })
  socket.on('input-ack', (offset) => input.acked(offset))
  socket.on('ended', ({ reason }) => lose(reason))
  socket.on('replaced', () => lose('replaced'))
  socket.on('move', ({ afterMs }) => setTimeout(() => void socket.disconnect().connect(), afterMs))
  socket.on('output', (offset, chunk) => {
    const bytes = new Uint8Array(chunk)
    socket.emit('ack', offset + bytes.length)
    if (before === undefined) {
      if (stream.came(offset, bytes)) freshAt.push(performance.now())
      return
    }
    before += Buffer.from(bytes).toString('latin1')
    if (!before.includes(READY)) return
    before = undefined
    stream.beginAt(offset + bytes.length)
    ready.resolve()
  })

  await new Promise<void>((done) => socket.once('connect', () => done()))
  const started = await call<Started>('start', { lang: 'python', ...SIZE })
  if (!started.ok) throw new Error(`The start was refused: ${JSON.stringify(started.error)}`)
  kept = started.value
  input.resume(0)
  const ran = await call('run', { files: [{ path: 'main.py', text: PROGRAM }] })
  if (!ran.ok) throw new Error(`The run was refused: ${JSON.stringify(ran.error)}`)
  await ready.promise

  return {
    type(key) {
      stream.typed(key)
      if (!input.push(key)) throw new Error('Cannot type: more is held back than a page would')
    },
    isComplete: stream.isComplete,
    gone: () => gone,
    account: stream.account,
    freshAt,
    brokeAt,
    async leave() {
      if (gone !== undefined) return
      gone = 'left'
      await call('leave', {}).catch(() => undefined) // its server is gone: the session ends with its grace
      socket.disconnect()
    },
  }
}
