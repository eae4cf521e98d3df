import { io, type Socket } from 'socket.io-client'

import type { Answer, JobEvent, ToBrowser, ToServer } from '#lib/protocol/browser.ts'
import * as packets from '#lib/protocol/packets.ts'

const ENDS_KEPT = 10

export type BenchVisitor = {
  readonly socket: Socket<ToBrowser, ToServer>
  start(lang: string): Promise<{ session: string; token: string }>
  /** Resolves with the time at which the output, from `mark` on, first held the text. */
  saw(text: string): Promise<number>
  /** From here on `saw` looks only at what comes. */
  mark(): void
  type(text: string): void
  run(path: string, text: string): Promise<number>
  /** When the job ended, or its program was done and its prompt waited. */
  ended(job: number): Promise<{ at: number; event: JobEvent }>
  bytes(): number
  /** Stops drawing: nothing is acknowledged any more. */
  stall(): void
  close(): void
}

/** A browser without a screen: draws at once, and remembers when what came. */
export async function benchVisitor(url: string): Promise<BenchVisitor> {
  const socket: Socket<ToBrowser, ToServer> = io(url, {
    transports: ['websocket'],
    parser: packets,
    forceNew: true,
    extraHeaders: { origin: url },
  })
  await new Promise<void>((done, fail) => {
    socket.once('connect', () => done())
    socket.once('connect_error', fail)
  })
  let [tail, bytes, inputEnd, stalled] = ['', 0, 0, false]
  const waiting = new Set<() => void>()
  const ends: { at: number; event: JobEvent }[] = []
  socket.on('output', (offset, chunk) => {
    bytes += chunk.byteLength
    if (!stalled) socket.emit('ack', offset + chunk.byteLength)
    tail = (tail + Buffer.from(chunk.slice(-4096)).toString('latin1')).slice(-8192)
    for (const look of waiting) look()
  })
  socket.on('job', (event) => {
    if (event.state !== 'ended' && event.state !== 'prompt') return
    ends.push({ at: performance.now(), event })
    if (ends.length > ENDS_KEPT) ends.shift()
    for (const look of waiting) look()
  })
  const until = <T>(find: () => T | undefined) =>
    new Promise<T>((done) => {
      const look = () => {
        const found = find()
        if (found === undefined) return
        waiting.delete(look)
        done(found)
      }
      waiting.add(look)
      look()
    })
  const call = <T>(event: 'start' | 'run', body: unknown): Promise<T> =>
    new Promise((done, fail) => {
      // One cast: the events' own types differ only in the body and value that the caller names.
      ;(socket as unknown as Socket).emit(event, body, (answer: Answer<T>) =>
        answer.ok ? done(answer.value) : fail(new Error(`${event} was refused: ${JSON.stringify(answer.error)}`)),
      )
    })
  return {
    socket,
    start: (lang) => call('start', { lang, cols: 80, rows: 24 }),
    saw: (text) => until(() => (tail.includes(text) ? performance.now() : undefined)),
    mark: () => void (tail = ''),
    type(text) {
      const typed = Buffer.from(text)
      socket.emit('input', inputEnd, typed)
      inputEnd += typed.length
    },
    run: async (path, text) => (await call<{ job: number }>('run', { files: [{ path, text }] })).job,
    ended: (job) => until(() => ends.find(({ event }) => event.job === job)),
    bytes: () => bytes,
    stall: () => void (stalled = true),
    close: () => void socket.disconnect(),
  }
}
