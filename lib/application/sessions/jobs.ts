import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Sandbox } from '#lib/application/ports/sandboxes.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import { endReason, type Ending } from '#lib/domain/ending.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { ProgramInputs } from '#lib/protocol/agent-words.ts'
import type { FromAgent } from '#lib/protocol/agent.ts'
import type { JobEvent } from '#lib/protocol/browser.ts'

import type { AgentLink } from './agent-link.ts'

type Kind = JobEvent['kind']
type SourceFile = { readonly path: string; readonly text: string }
export type Program = { readonly files: readonly SourceFile[] } & ProgramInputs
export type JobRefused =
  | { readonly code: 'bad_file_name'; readonly name: string }
  | { readonly code: 'file_refused'; readonly name: string }
  | { readonly code: 'no_run' }
  | { readonly code: 'no_repl' }
  | { readonly code: 'start_failed' }
  | { readonly code: 'lost' }

type JobsWorld = { readonly link: AgentLink; readonly sandbox: Sandbox; readonly metrics: Metrics; readonly clock: Clock }
/** The job that runs already: 0 for the prompt that `prepare` opened. */
type FirstJob = { readonly job: number; readonly hasRepl: boolean }

/** A job that was told to stop is waited for so long, and then run over. */
const CLEAR_MS_MAX = 1000

type Counted = NonNullable<Extract<FromAgent, { type: 'ended' }>['counted']>

type Waiting = { job: number; done: (result: Result<{ job: number }, JobRefused>) => void }

/** What owns the terminal, one after another; tells each change with what the kernel counted for it. */
export class Jobs {
  readonly #link: AgentLink
  readonly #sandbox: Sandbox
  readonly #metrics: Metrics
  readonly #clock: Clock
  readonly #tell: (event: JobEvent) => void
  readonly #kinds = new Map<number, Kind>()
  #last: JobEvent | undefined
  #number: number
  #waiting: Waiting | undefined
  #turn: Promise<unknown> = Promise.resolve()
  /** A program or prompt holds the terminal. */
  #isOpen: boolean
  #closed: () => void = () => {}

  constructor({ link, sandbox, metrics, clock }: JobsWorld, first: FirstJob, tell: (event: JobEvent) => void) {
    this.#link = link
    this.#sandbox = sandbox
    this.#metrics = metrics
    this.#clock = clock
    this.#tell = tell
    this.#number = first.job
    this.#isOpen = first.hasRepl
    if (first.hasRepl) this.#kinds.set(first.job, 'repl')
  }

  /** What the agent says of the terminal when somebody attaches; it may have been another server's until now. */
  found(state: 'idle' | 'running' | 'prompt'): void {
    this.#isOpen = state !== 'idle'
  }

  /** The last change, for a viewer that comes later. */
  last(): JobEvent | undefined {
    return this.#last
  }

  run({ files, args, flags, input }: Program): Promise<Result<{ job: number }, JobRefused>> {
    const inputs = { ...(args && { args }), ...(flags && { flags }), ...(input !== undefined && { input }) }
    return this.#begin('run', (job) => this.#link.send({ type: 'run', job, files, ...inputs }))
  }

  repl(): Promise<Result<{ job: number }, JobRefused>> {
    return this.#begin('repl', (job) => this.#link.send({ type: 'repl', job }))
  }

  stop(): void {
    this.#link.send({ type: 'stop' })
  }

  message(message: FromAgent): void {
    if (message.type === 'started') this.#started(message.job)
    else if (message.type === 'refused') this.#refused(message)
    else if (message.type === 'prompt') void this.#prompt(message)
    else if (message.type === 'ended') void this.#ended(message)
  }

  lost(): void {
    this.#closed()
    this.#answer(err({ code: 'lost' }))
  }

  // One at a time: the marks of the meter and the agent's answers belong to one job.
  #begin(kind: Kind, send: (job: number) => void): Promise<Result<{ job: number }, JobRefused>> {
    const mine = this.#turn.then(async () => {
      await this.#clearTheTerminal()
      await this.#sandbox.mark()
      const job = ++this.#number
      this.#kinds.set(job, kind)
      for (const old of this.#kinds.keys()) if (old < job - 1) this.#kinds.delete(old)
      return new Promise<Result<{ job: number }, JobRefused>>((done) => {
        this.#waiting = { job, done }
        send(job)
      })
    })
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  /** What the job before holds must be gone before the next one's memory is counted. The agent would end it anyway. */
  async #clearTheTerminal(): Promise<void> {
    if (!this.#isOpen) return
    await new Promise<void>((done) => {
      this.#closed = done
      // Its end comes after its output, which waits for as long as nobody draws it.
      this.#clock.after(CLEAR_MS_MAX, done)
      this.#link.send({ type: 'stop' })
    })
  }

  #started(job: number): void {
    this.#isOpen = true
    if (this.#waiting?.job !== job) return
    this.#answer(ok({ job }))
    this.#note({ job, kind: this.#kinds.get(job) ?? 'run', state: 'running' })
  }

  #refused({ what, code, detail }: Extract<FromAgent, { type: 'refused' }>): void {
    if (what !== 'run' && what !== 'repl') return
    if (code === 'bad_file_name' || code === 'file_refused') this.#answer(err({ code, name: detail ?? '' }))
    else if (code === 'no_run' || code === 'no_repl') this.#answer(err({ code }))
    else this.#answer(err({ code: 'start_failed' }))
  }

  #answer(result: Result<{ job: number }, JobRefused>): void {
    this.#waiting?.done(result)
    this.#waiting = undefined
  }

  async #ended(message: Extract<FromAgent, { type: 'ended' }>): Promise<void> {
    const { job, code, signal, stopped, outputSpent, diskFull, wallMs } = message
    this.#isOpen = false
    this.#closed()
    const counted = await this.#counted(message)
    const reason = endReason({
      ...(code !== undefined && { code }),
      ...(signal !== undefined && { signal }),
      stopped,
      outputSpent,
      diskFull,
      oomKills: counted?.oomKills ?? 0,
      forksRefused: counted?.forksRefused ?? 0,
    })
    const ending: Ending = {
      reason,
      usage: { wallMs },
      ...(code !== undefined && { code }),
      ...(signal !== undefined && { signal }),
    }
    this.#metrics.count('dragoman_job_ends_total', { kind: this.#kinds.get(job) ?? 'repl', reason })
    this.#changed(job, 'ended', ending, counted)
  }

  async #prompt(message: Extract<FromAgent, { type: 'prompt' }>): Promise<void> {
    const ending: Ending = { reason: 'exit', usage: { wallMs: message.wallMs } }
    this.#changed(message.job, 'prompt', ending, await this.#counted(message))
  }

  /** By the machine that the sandbox is on; where it cannot tell, by the agent, which may say what it likes. */
  async #counted({ counted }: { readonly counted?: Counted | undefined }): Promise<Counted | undefined> {
    return (await this.#sandbox.read().catch(() => undefined)) ?? counted
  }

  #changed(job: number, state: 'prompt' | 'ended', ending: Ending, used: Counted | undefined): void {
    const peak = used?.peakBytes !== undefined && { peakBytes: used.peakBytes }
    const usage = { ...ending.usage, ...(used && { cpuMs: used.cpuMs }), ...peak }
    // The job that follows may have started while the counters were read; its state is the newer one.
    const event: JobEvent = { job, kind: this.#kinds.get(job) ?? 'repl', state, ending: { ...ending, usage } }
    if (this.#last && this.#last.job > job) this.#tell(event)
    else this.#note(event)
  }

  #note(event: JobEvent): void {
    this.#last = event
    this.#tell(event)
  }
}
