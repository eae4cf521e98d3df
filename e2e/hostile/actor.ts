import { io, type Socket } from 'socket.io-client'

import type { Ending } from '#lib/domain/ending.ts'
import type { Problem } from '#lib/domain/problem.ts'
import type { Answer, JobEvent, TaskEnded, ToBrowser, ToServer } from '#lib/protocol/browser.ts'
import * as packets from '#lib/protocol/packets.ts'

import type { Files } from './programs.ts'
import { transcript } from './transcript.ts'
import { inTime } from './until.ts'

/** A program that was not told to last is over by then. */
const RUN_MS_MAX = 30_000
const CALL_MS_MAX = 15_000
/** A pod may wait for its node. */
const START_MS_MAX = 60_000
/** As much of the output as an error shows. */
const SHOWN_CHARS = 600

export type Ran = { readonly output: string; readonly ending: Ending | undefined; readonly ms: number }
type Call = 'start' | 'run' | 'repl' | 'stop' | 'task' | 'format' | 'lsp' | 'leave'

/** What a shell's prompt ends with. */
export const PROMPT = /[$#] $/
const DEFAULT_LANG = 'bash'

export type ActorOptions = {
  readonly lang?: string
  /** Hears every byte of output, also those that the transcript does not keep. */
  readonly hears?: (bytes: Buffer) => void
}

/** A visitor with bad intentions: what a browser's page can say, it can, and nothing else. */
export type Actor = {
  readonly socket: Socket<ToBrowser, ToServer>
  readonly session: string
  /** Everything printed so far, as far as it is kept. */
  output(): string
  bytes(): number
  /** Starts a program and does not wait for it. */
  begin(files: Files): Promise<number>
  /** Runs a program to its end. */
  run(files: Files, ms?: number): Promise<Ran>
  /** Settles with how a job ends. */
  ended(job: number, ms?: number): Promise<Ending | undefined>
  /** Settles when the output from that byte on, by default from the last `begin` on, holds the text. */
  saw(text: string | RegExp, ms?: number, from?: number): Promise<string>
  call<T>(event: Call, body: unknown, ms?: number): Promise<Answer<T>>
  type(text: string | Uint8Array): void
  task(): Promise<Answer<TaskEnded>>
  stop(): Promise<void>
  leave(): Promise<void>
  /** Why the session ended, once it has. */
  readonly sessionEnded: Promise<string>
  problems(): readonly Problem[]
  /** Stops drawing: nothing is acknowledged any more, until `draw`. */
  stall(): void
  draw(): void
  close(): void
}

export async function openActor(url: string, { lang = DEFAULT_LANG, hears = () => {} }: ActorOptions = {}): Promise<Actor> {
  const socket: Socket<ToBrowser, ToServer> = io(url, {
    transports: ['websocket'],
    parser: packets,
    forceNew: true,
    reconnection: false,
    extraHeaders: { origin: url },
  })
  const connected = new Promise<void>((done, fail) => {
    socket.once('connect', done)
    socket.once('connect_error', fail)
  })
  await inTime(connected, CALL_MS_MAX, () => 'the socket')

  const heard = transcript()
  const endings = new Map<number, Ending | undefined>()
  const problems: Problem[] = []
  const watchers = new Set<() => void>()
  let [drawn, isStalled, inputEnd, mark, isOver] = [0, false, 0, 0, false]
  const news = () => {
    for (const look of watchers) look()
  }
  socket.on('output', (_, chunk) => {
    const bytes = Buffer.from(chunk)
    heard.add(bytes)
    hears(bytes)
    drawn += bytes.length
    if (!isStalled) socket.emit('ack', drawn)
    news()
  })
  socket.on('job', ({ job, state, ending }: JobEvent) => {
    if (state === 'ended') endings.set(job, ending)
    news()
  })
  socket.on('problem', (problem) => void (problems.push(problem), news()))
  const sessionEnded = new Promise<string>((done) => {
    socket.on('ended', ({ reason }) => {
      isOver = true
      done(reason)
      news()
    })
    socket.on('disconnect', (reason) => done(`socket: ${reason}`))
  })

  function until<T>(find: () => T | undefined, ms: number, what: string): Promise<T> {
    let look = () => {}
    const found = new Promise<T>((done) => {
      look = () => {
        const value = find()
        if (value !== undefined) done(value)
      }
    })
    watchers.add(look)
    look()
    const shown = () => `${what}${isOver ? ' (the session is over)' : ''}; last: ${heard.since(mark).slice(-SHOWN_CHARS)}`
    return inTime(found, ms, shown).finally(() => watchers.delete(look))
  }

  async function call<T>(event: Call, body: unknown, ms = CALL_MS_MAX): Promise<Answer<T>> {
    const answer = new Promise<Answer<T>>((done) => {
      // One cast: the events' own types differ only in the body and value that the caller names.
      ;(socket as unknown as Socket).emit(event, body, done)
    })
    return inTime(answer, ms, () => `the answer to ${event}`)
  }

  async function must<T>(event: Call, body: unknown, ms = CALL_MS_MAX): Promise<T> {
    const answer = await call<T>(event, body, ms)
    if (!answer.ok) throw new Error(`"${event}" was refused: ${JSON.stringify(answer.error)}`)
    return answer.value
  }

  const { session } = await must<{ session: string }>('start', { lang, cols: 80, rows: 24 }, START_MS_MAX)
  const actor: Actor = {
    socket,
    session,
    sessionEnded,
    call,
    output: () => heard.since(0),
    bytes: heard.bytes,
    async begin(files) {
      mark = heard.bytes()
      return (await must<{ job: number }>('run', { files })).job
    },
    async run(files, ms = RUN_MS_MAX) {
      const began = performance.now()
      const job = await actor.begin(files)
      const from = mark
      const ending = await actor.ended(job, ms)
      return { output: heard.since(from).replaceAll('\r\n', '\n'), ending, ms: performance.now() - began }
    },
    async ended(job, ms = RUN_MS_MAX) {
      await until(() => endings.has(job) || isOver || undefined, ms, `the end of job ${job}`)
      return endings.get(job)
    },
    saw(text, ms = RUN_MS_MAX, from = mark) {
      return until(
        () => {
          const output = heard.since(from)
          return typeof text === 'string' ? (output.includes(text) ? text : undefined) : text.exec(output)?.[0]
        },
        ms,
        `the output ${String(text)}`,
      )
    },
    type(text) {
      const typed = Buffer.from(text)
      socket.emit('input', inputEnd, typed)
      inputEnd += typed.length
    },
    task: () => call<TaskEnded>('task', { name: 'ensure' }),
    stop: () => must<void>('stop', {}),
    leave: async () => void (socket.connected && !isOver && (await call('leave', {}))),
    problems: () => problems,
    stall: () => void (isStalled = true),
    draw() {
      isStalled = false
      socket.emit('ack', drawn)
    },
    close: () => void socket.disconnect(),
  }
  // What the prompt prints must not be taken for what a program does.
  if (lang === DEFAULT_LANG) await actor.saw(PROMPT, RUN_MS_MAX, 0)
  return actor
}
