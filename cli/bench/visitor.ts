import { io, type Socket } from 'socket.io-client'

import type { Answer, JobEvent, ToBrowser, ToServer } from '#lib/protocol/browser.ts'
import * as packets from '#lib/protocol/packets.ts'

const ENDS_KEPT = 10
/** What has not come by then does not: a bench says so, and does not hang. Sixty cold starts at once take half of it. */
const WAIT_MS_MAX = 120_000

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
  /** Ends the session; settles when that is done, or cannot be told any more. */
  leave(): Promise<void>
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
    tail = (tail + Buffer.from(chunk.slice(-4096)).toString('latin1')).slice(-8192)
    for (const look of waiting) look()
    if (!stalled) socket.emit('ack', offset + chunk.byteLength) // as a page, which draws first
  })
  socket.on('job', (event) => {
    if (event.state !== 'ended' && event.state !== 'prompt') return
    ends.push({ at: performance.now(), event })
    if (ends.length > ENDS_KEPT) ends.shift()
    for (const look of waiting) look()
  })
  let over: string | undefined
  const end = (why: string) => {
    over ??= why
    for (const look of waiting) look()
  }
  socket.on('ended', ({ reason }) => end(reason))
  socket.on('disconnect', end)
  const until = <T>(find: () => T | undefined) =>
    new Promise<T>((done, fail) => {
      const finish = (act: () => void) => {
        waiting.delete(look)
        clearTimeout(late)
        act()
      }
      const giveUp = (why: string) =>
        finish(() => fail(new Error(`Cannot measure: ${why}; the terminal ends with ${JSON.stringify(tail)}`)))
      const late = setTimeout(() => giveUp(`nothing in ${WAIT_MS_MAX} ms`), WAIT_MS_MAX)
      const look = () => {
        const found = find()
        if (found !== undefined) finish(() => done(found))
        else if (over !== undefined) giveUp(`the session is over: ${over}`)
      }
      waiting.add(look)
      look()
    })
  const call = <T>(event: 'start' | 'run', body: unknown): Promise<T> =>
    new Promise((done, fail) => {
      // One cast: the events' own types differ only in the body and value that the caller names.
      ;(socket as unknown as Socket).timeout(WAIT_MS_MAX).emit(event, body, (late: Error | null, answer: Answer<T>) => {
        if (late) fail(new Error(`${event} was not answered in ${WAIT_MS_MAX} ms`))
        else if (answer.ok) done(answer.value)
        else fail(new Error(`${event} was refused: ${JSON.stringify(answer.error)}`))
      })
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
    async leave() {
      await new Promise<void>((done) => socket.timeout(WAIT_MS_MAX).emit('leave', {}, () => done()))
      socket.disconnect()
    },
    close: () => void socket.disconnect(),
  }
}
