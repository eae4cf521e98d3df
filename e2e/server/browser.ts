import { io, type Socket } from 'socket.io-client'

import type { Answer, JobEvent, Resumed, Started, TaskEnded, ToBrowser, ToServer } from '#lib/protocol/browser.ts'
import * as packets from '#lib/protocol/packets.ts'
import type { Problem } from '#lib/domain/problem.ts'

export type Browser = Awaited<ReturnType<typeof browser>>

type Options = {
  readonly origin?: string | undefined
  readonly draws?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A browser's side of the protocol without a page: keeps every byte with its offset, and what else it was told. Waiting
 * is for a condition; a test that waits in vain fails by its own time.
 */
export async function browser(url: string, { origin = url, draws = true, headers = {} }: Options = {}) {
  const socket: Socket<ToBrowser, ToServer> = io(url, {
    transports: ['websocket'],
    parser: packets,
    forceNew: true,
    reconnection: false,
    extraHeaders: { ...(origin !== undefined && { origin }), ...headers },
  })
  let got = Buffer.alloc(0)
  let [from, inputEnd, inputAcked] = [0, 0, 0]
  const told: {
    jobs: JobEvent[]
    problems: Problem[]
    phases: { phase: string; place?: number }[]
    ended: string | undefined
    replaced: boolean
    moves: number[]
    closed: string | undefined
  } = { jobs: [], problems: [], phases: [], ended: undefined, replaced: false, moves: [], closed: undefined }
  const waiting = new Set<() => void>()
  const changed = () => {
    for (const look of waiting) look()
  }
  const until = <T>(find: () => T | undefined | false): Promise<T> =>
    new Promise((done) => {
      const look = () => {
        const found = find()
        if (found === undefined || found === false) return
        waiting.delete(look)
        done(found)
      }
      waiting.add(look)
      look()
    })
  socket.on('output', (offset, bytes) => {
    if (offset !== from + got.length) throw new Error(`Output at ${offset}, not at ${from + got.length}`)
    got = Buffer.concat([got, Buffer.from(bytes)])
    if (draws) socket.emit('ack', offset + bytes.byteLength)
    changed()
  })
  const note =
    <A extends unknown[]>(act: (...args: A) => void) =>
    (...args: A) => {
      act(...args)
      changed()
    }
  socket.on(
    'input-ack',
    note((offset: number) => void (inputAcked = offset)),
  )
  socket.on(
    'job',
    note((event: JobEvent) => void told.jobs.push(event)),
  )
  socket.on(
    'problem',
    note((problem: Problem) => void told.problems.push(problem)),
  )
  socket.on(
    'phase',
    note((phase) => void told.phases.push(phase)),
  )
  socket.on(
    'ended',
    note(({ reason }) => void (told.ended = reason)),
  )
  socket.on(
    'replaced',
    note(() => void (told.replaced = true)),
  )
  socket.on(
    'move',
    note(({ afterMs }) => void told.moves.push(afterMs)),
  )
  socket.on(
    'disconnect',
    note((reason: string) => void (told.closed = reason)),
  )

  await new Promise<void>((done, fail) => {
    socket.once('connect', () => done())
    socket.once('connect_error', fail)
  })
  // One cast for all calls: socket.io types events one by one, these are made by name.
  const raw = socket as unknown as Socket
  const call = <T>(event: string, body?: unknown): Promise<Answer<T>> => new Promise((done) => void raw.emit(event, body, done))
  const start = (lang: string, size = { cols: 80, rows: 24 }) => call<Started>('start', { lang, ...size })
  return {
    ...{ socket, raw, told, until, call, start },
    async started(lang = 'python'): Promise<Started> {
      const answer = await start(lang)
      if (!answer.ok) throw new Error(`Not started: ${JSON.stringify(answer.error)}`)
      return answer.value
    },
    async resume({ session, token }: Pick<Started, 'session' | 'token'>, offset: number): Promise<Answer<Resumed>> {
      got = Buffer.alloc(0)
      from = offset
      const ahead = new Promise<Answer<Resumed>>((done) => {
        void raw.emit('resume', { session, token, offset, inputEnd: 0, cols: 80, rows: 24 }, (answer: Answer<Resumed>) => {
          if (answer.ok) {
            from = answer.value.from
            inputEnd = inputAcked = answer.value.inputEnd
          }
          done(answer)
        })
      })
      return ahead
    },
    run: (path: string, text: string) => call<{ job: number }>('run', { files: [{ path, text }] }),
    task: (name: string) => call<TaskEnded>('task', { name }),
    type(text: string | Uint8Array) {
      const bytes = Buffer.from(text as string)
      socket.emit('input', inputEnd, bytes)
      inputEnd += bytes.length
    },
    text: () => got.toString('latin1'),
    bytes: () => got,
    /** Where the output so far ends. */
    end: () => from + got.length,
    inputAcked: () => inputAcked,
    saw: (text: string | RegExp) =>
      until(() => (typeof text === 'string' ? got.includes(text) : text.test(got.toString('latin1')))),
    jobEnded: (job: number) => until(() => told.jobs.find((event) => event.job === job && event.state === 'ended')),
    close: () => void socket.disconnect(),
  }
}
