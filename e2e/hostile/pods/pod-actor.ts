import { NO_VIEWER, type Viewer } from '#lib/application/sessions/viewer.ts'
import type { Session } from '#lib/application/sessions/session.ts'
import type { Ending } from '#lib/domain/ending.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'
import type { Answer } from '#lib/protocol/browser.ts'

import { PROMPT, type Actor } from '../actor.ts'
import type { Files } from '../programs.ts'
import { transcript } from '../transcript.ts'
import { inTime } from '../until.ts'

const RUN_MS_MAX = 30_000
const SHOWN_CHARS = 600

/** A visitor whose session is had without a browser's socket between; all else is as in `actor.ts`. */
export type PodActor = Omit<Actor, 'socket' | 'stall' | 'draw'> & {
  /** `ip:port` of its agent. */
  readonly address: string
}

export async function podActor(session: Session, address: string): Promise<PodActor> {
  const heard = transcript()
  const endings = new Map<number, Ending | undefined>()
  const problems: Problem[] = []
  const watchers = new Set<() => void>()
  let [inputEnd, mark, isOver] = [0, 0, false]
  const over = Promise.withResolvers<string>()
  const news = () => {
    for (const look of watchers) look()
  }
  const viewer: Viewer = {
    ...NO_VIEWER,
    output(offset, bytes) {
      heard.add(Buffer.from(bytes))
      session.ack(offset + bytes.length)
      news()
    },
    job({ job, state, ending }) {
      if (state === 'ended') endings.set(job, ending)
      news()
    },
    problem: (problem) => void problems.push(problem),
    ended(reason) {
      isOver = true
      over.resolve(reason)
      news()
    },
  }
  const attached = await session.attach(viewer, 0, terminalSize(80, 24))
  if (!attached.ok) throw new Error(`Not attached: ${attached.error.code}`)

  async function until<T>(find: () => T | undefined, ms: number, what: string): Promise<T> {
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

  const actor: PodActor = {
    ...{ session: session.id, address, sessionEnded: over.promise },
    output: () => heard.since(0),
    bytes: heard.bytes,
    problems: () => problems,
    async begin(files) {
      mark = heard.bytes()
      const begun = await session.run({ files })
      if (!begun.ok) throw new Error(`A run was refused: ${JSON.stringify(begun.error)}`)
      return begun.value.job
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
    saw: (text, ms = RUN_MS_MAX, from = mark) =>
      until(
        () => {
          const output = heard.since(from)
          return typeof text === 'string' ? (output.includes(text) ? text : undefined) : text.exec(output)?.[0]
        },
        ms,
        `the output ${String(text)}`,
      ),
    async call<T>(event: string, body: unknown) {
      if (event !== 'run') throw new Error(`Nobody here answers "${event}"`)
      return (await session.run(body as { files: Files })) as Answer<T> // a run's, as the caller says
    },
    type(text) {
      const typed = Buffer.from(text)
      session.input(inputEnd, typed)
      inputEnd += typed.length
    },
    task: async () => ({ ok: false, error: { code: 'no_such_task', task: 'ensure' } }),
    stop: async () => session.stop(),
    leave: () => session.end('left'),
    close() {},
  }
  // What the prompt prints must not be taken for what a program does.
  await actor.saw(PROMPT, RUN_MS_MAX, 0)
  return actor
}
