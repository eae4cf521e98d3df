import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Sandbox } from '#lib/application/ports/sandboxes.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { Language } from '#lib/domain/language.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, type Result } from '#lib/domain/result.ts'
import type { FromAgent } from '#lib/protocol/agent.ts'
import type { JobEvent } from '#lib/protocol/browser.ts'

import type { AgentLink } from './agent-link.ts'
import { collectTask, type Collected } from './collect-task.ts'
import { formatText } from './format-text.ts'
import { Jobs, type Program } from './jobs.ts'
import { LanguageServers } from './language-servers.ts'
import type { PacedAck } from './paced-ack.ts'
import { Tasks } from './tasks.ts'
import { tokenBucket } from './token-bucket.ts'
import type { Viewer } from './viewer.ts'

/** Runs, prompts, stops and tasks of one session: so many at once, then so many a second. */
export const RUNS = { burst: 10, perSecond: 2 }

type World = {
  readonly link: AgentLink
  readonly sandbox: Sandbox
  readonly language: Language
  readonly firstJob: number
  readonly lifeMs: number
  readonly clock: Clock
  readonly metrics: Metrics
  readonly pace: (ack: (offset: number) => void) => PacedAck
  /** Whoever watches now. */
  readonly viewer: () => Viewer
  /** Why nothing can be begun any more. */
  readonly refusal: () => Problem | undefined
  /** Told of everything that is begun. */
  readonly begun: () => void
}
type Answer<T> = Promise<Result<T, Problem>>

/** What a visitor has run in a session: the job that owns the terminal, tasks beside it, and one language server. */
export class Programs {
  readonly #language: Language
  readonly #refusal: () => Problem | undefined
  readonly #begun: () => void
  readonly #jobs: Jobs
  readonly #tasks: Tasks
  readonly #servers: LanguageServers
  readonly #runs

  constructor({ link, sandbox, language, firstJob, lifeMs, clock, metrics, pace, viewer, refusal, begun }: World) {
    this.#language = language
    this.#refusal = refusal
    this.#begun = begun
    const first = { job: firstJob, hasRepl: language.repl !== undefined }
    this.#jobs = new Jobs({ link, sandbox, metrics, clock }, first, (event) => viewer().job(event))
    this.#tasks = new Tasks(link)
    this.#servers = new LanguageServers(
      { tasks: this.#tasks, pace, lifeMs },
      {
        output: (server, offset, bytes) => viewer().lspOutput(server, offset, bytes),
        ended: (server, end) => viewer().lspEnded(server, end),
        oomKills: async () => (await sandbox.read().catch(() => undefined))?.oomKills ?? 0,
      },
    )
    this.#runs = tokenBucket(clock, RUNS)
  }

  run(program: Program): Answer<{ job: number }> {
    return this.#limited(() => this.#jobs.run(program))
  }

  repl(): Answer<{ job: number }> {
    return this.#limited(() => this.#jobs.repl())
  }

  /** Ends the job that owns the terminal and everything it left behind; asked of none, nothing happens. */
  stop(): void {
    this.#jobs.stop()
  }

  task(command: string): Answer<Collected> {
    return this.#limited(() => collectTask(this.#tasks, { command }))
  }

  async format(text: string): Answer<{ text: string }> {
    const { format } = this.#language
    if (format === undefined) return err({ code: 'no_formatter' })
    return this.#limited(() => formatText(this.#tasks, format, text))
  }

  /** Starts the language server for whoever watches; it ends when they leave. */
  async startServer(): Answer<{ server: number }> {
    const { lsp, limits } = this.#language
    if (lsp === undefined) return err({ code: 'no_language_server' })
    return this.#limited(async () => this.#servers.start(lsp, limits.lspMemoryBytes))
  }

  /** The running one, for its input, acknowledgements and end. */
  get server(): Pick<LanguageServers, 'input' | 'ack' | 'stop'> {
    return this.#servers
  }

  /** The last change of a job, for a viewer that comes later. */
  last(): JobEvent | undefined {
    return this.#jobs.last()
  }

  /** What the agent says of the terminal when somebody attaches. */
  found(state: 'idle' | 'running' | 'prompt'): void {
    this.#jobs.found(state)
  }

  message(message: FromAgent): void {
    if (message.type === 'task-ended') this.#tasks.ended(message)
    else if (message.type === 'task-input-ack') this.#tasks.inputTaken(message)
    else this.#jobs.message(message)
  }

  taskOutput(stream: number, offset: number, bytes: Uint8Array): void {
    this.#tasks.output(stream, offset, bytes)
  }

  /** The sandbox is out of reach, and with it everything here. */
  lost(): void {
    this.#tasks.lost()
    this.#jobs.lost()
  }

  async #limited<T>(act: () => Answer<T>): Answer<T> {
    const refusal = this.#refusal()
    if (refusal) return err(refusal)
    const retryAfterMs = this.#runs.take()
    if (retryAfterMs > 0) return err({ code: 'too_many_runs', retryAfterMs })
    this.#begun()
    return act()
  }
}
