import { createHash, timingSafeEqual } from 'node:crypto'

import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Meter, Sandbox } from '#lib/application/ports/sandboxes.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { EndReason } from '#lib/domain/ending.ts'
import type { SandboxId, SessionId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { TerminalSize } from '#lib/domain/terminal-size.ts'
import { INPUT_WINDOW_BYTES, type FromAgent } from '#lib/protocol/agent.ts'
import { PTY_STREAM } from '#lib/protocol/frame.ts'
import type { Resumed } from '#lib/protocol/browser.ts'

import { Activity } from './activity.ts'
import { type AgentLink, FENCED } from './agent-link.ts'
import { collectTask, type Collected } from './collect-task.ts'
import { formatText } from './format-text.ts'
import { Jobs, type Program } from './jobs.ts'
import { LanguageServers } from './language-servers.ts'
import type { OutputShare } from './output-share.ts'
import { PacedAck } from './paced-ack.ts'
import { Attached, Ended, Parked, Released, type SessionState } from './session-state.ts'
import { Tasks } from './tasks.ts'
import { tokenBucket } from './token-bucket.ts'
import type { Viewer } from './viewer.ts'
import { WindowSize } from './window-size.ts'

/** Runs, prompts, stops and tasks of one session: so many at once, then so many a second. */
export const RUNS = { burst: 10, perSecond: 2 }
/** A sandbox whose connection broke is given this long to say how it ended. */
const LAST_WORDS_MS = 1000

export type SessionParts = {
  readonly id: SessionId
  readonly tokenHash: string
  readonly address: string
  readonly language: Language
  readonly sandbox: Sandbox
  readonly link: AgentLink
  readonly firstJob: number
  readonly graceMs: number
  readonly lifeMs: number
  readonly clock: Clock
  readonly metrics: Metrics
  readonly share: OutputShare
  /** At which this server took it over; 1 for one that it opened. */
  readonly epoch: number
  /** False when another server took it over, which a cut line may have kept from us. Asked before it ends by itself. */
  readonly isHeld?: (session: Session) => Promise<boolean>
  /** Told once, after everything of the session is gone. */
  readonly ended: (session: Session, reason: EndReason) => void
  /** Told once, when another server has it or is to have it. */
  readonly released: (session: Session) => void
}

/** One visitor's use of one sandbox: attached to a viewer, parked for its grace, ended, or released to another server. */
export class Session {
  readonly #parts: SessionParts
  readonly #jobs: Jobs
  readonly #tasks: Tasks
  readonly #servers: LanguageServers
  readonly #acks: PacedAck
  readonly #window: WindowSize
  readonly #activity: Activity
  readonly #runs
  readonly #attaching: ((attached: Resumed | undefined) => void)[] = []
  #state: SessionState
  #printed = 0
  #inputEnd = 0
  #inputAcked = 0

  constructor(parts: SessionParts) {
    this.#parts = parts
    const { clock, link, language, metrics, sandbox } = parts
    const first = { job: parts.firstJob, hasRepl: language.repl !== undefined }
    this.#jobs = new Jobs({ link, sandbox, metrics, clock }, first, (event) => this.#state.viewer.job(event))
    this.#tasks = new Tasks(link)
    this.#acks = this.#paced((offset) => void link.send({ type: 'ack', stream: PTY_STREAM, offset }))
    this.#window = new WindowSize(clock, ({ cols, rows }) => link.send({ type: 'resize', cols, rows }))
    this.#servers = new LanguageServers(
      { tasks: this.#tasks, pace: (pass) => this.#paced(pass), lifeMs: parts.lifeMs },
      {
        output: (server, offset, bytes) => this.#state.viewer.lspOutput(server, offset, bytes),
        ended: (server, end) => this.#state.viewer.lspEnded(server, end),
        oomKills: async () => (await sandbox.read().catch(() => undefined))?.oomKills ?? 0,
      },
    )
    this.#runs = tokenBucket(clock, RUNS)
    this.#activity = new Activity(
      clock,
      { idleMs: language.limits.idleMs, lifeMs: parts.lifeMs },
      (reason) => void this.#over(reason),
    )
    this.#state = new Parked(clock, parts.graceMs, () => void this.#over('left'))
    link.listen({
      message: (message) => this.#message(message),
      output: (offset, bytes) => this.#output(offset, bytes),
      taskOutput: (stream, offset, bytes) => this.#tasks.output(stream, offset, bytes),
      closed: (why) => void this.#closed(why),
    })
    if (link.isClosed()) void this.#closed('closed')
    void sandbox.exited.then((exit) => this.end(exit.reason === 'memory' ? 'memory' : 'lost'))
  }

  get id(): SessionId {
    return this.#parts.id
  }
  get address(): string {
    return this.#parts.address
  }
  get language(): Language {
    return this.#parts.language
  }
  get sandbox(): SandboxId {
    return this.#parts.sandbox.id
  }
  get epoch(): number {
    return this.#parts.epoch
  }
  get state(): SessionState['name'] {
    return this.#state.name
  }

  /** Bytes of the terminal that a viewer was sent. */
  get printed(): number {
    return this.#printed
  }

  /** What its programs have used since the last one began. */
  meter(): Promise<Meter | undefined> {
    return this.#parts.sandbox.read()
  }

  /** In constant time. */
  isToken(token: string): boolean {
    const hash = createHash('sha256').update(token).digest()
    return timingSafeEqual(hash, Buffer.from(this.#parts.tokenHash, 'hex'))
  }

  /** parked | attached -> attached: output from `offset` on goes to this viewer; another that watched is told so. */
  async attach(viewer: Viewer, offset: number, size: TerminalSize): Promise<Result<Resumed, Problem>> {
    const refusal = this.#refusal()
    if (refusal) return err(refusal)
    if (this.#state.name === 'attached') this.#state.viewer.replaced()
    const { clock, link, metrics } = this.#parts
    if (this.#state.name === 'parked' && this.#state.everAttached) {
      metrics.observe('dragoman_session_reattach_gap_seconds', {}, (clock.now() - this.#state.since) / 1000)
    }
    this.#servers.stop() // its messages were for the page before
    this.#state.leave()
    this.#state = new Attached(viewer)
    this.#activity.seen()
    this.resize(size)
    const attached = await new Promise<Resumed | undefined>((done) => {
      this.#attaching.push(done)
      link.send({ type: 'attach', offset })
    })
    if (!attached) return err(this.#refusal() ?? { code: 'lost' })
    if (attached.from > offset) {
      metrics.count('dragoman_pty_dropped_bytes_total', {}, attached.from - offset)
      this.#window.askToDrawAgain() // what drew its screen is gone
    }
    return ok(attached)
  }

  /** What a viewer that has just attached must hear besides the output. */
  greet(viewer: Viewer): void {
    const last = this.#jobs.last()
    if (last) viewer.job(last)
  }

  /** attached -> parked, when this viewer is the one that watches. */
  detach(viewer: Viewer): void {
    if (this.#state.name !== 'attached' || this.#state.viewer !== viewer) return
    this.#parts.link.send({ type: 'detach' })
    this.#servers.stop()
    this.#state = new Parked(this.#parts.clock, this.#parts.graceMs, () => void this.#over('left'), true)
  }

  input(offset: number, bytes: Uint8Array): void {
    if (this.#isOver()) return
    if (offset > this.#inputEnd) return this.#state.viewer.problem({ code: 'bad_message', field: 'offset' })
    if (offset + bytes.length - this.#inputAcked > INPUT_WINDOW_BYTES) {
      return this.#state.viewer.problem({ code: 'input_full', max: INPUT_WINDOW_BYTES })
    }
    this.#activity.seen()
    this.#inputEnd = Math.max(this.#inputEnd, offset + bytes.length)
    this.#parts.metrics.count('dragoman_pty_bytes_total', { dir: 'in' }, bytes.length)
    this.#parts.link.data(PTY_STREAM, offset, bytes)
  }

  ack(offset: number): void {
    this.#acks.drawn(offset)
  }

  resize(size: TerminalSize): void {
    this.#window.set(size)
  }

  async run(program: Program): Promise<Result<{ job: number }, Problem>> {
    return this.#limited(() => this.#jobs.run(program))
  }

  async repl(): Promise<Result<{ job: number }, Problem>> {
    return this.#limited(() => this.#jobs.repl())
  }

  async task(command: string): Promise<Result<Collected, Problem>> {
    return this.#limited(() => collectTask(this.#tasks, { command }))
  }

  async format(text: string): Promise<Result<{ text: string }, Problem>> {
    const { format } = this.language
    if (format === undefined) return err({ code: 'no_formatter' })
    return this.#limited(() => formatText(this.#tasks, format, text))
  }

  /** Starts the language server for whoever watches; it ends when they leave. */
  async startServer(): Promise<Result<{ server: number }, Problem>> {
    const { lsp, limits } = this.language
    if (lsp === undefined) return err({ code: 'no_language_server' })
    return this.#limited(async () => this.#servers.start(lsp, limits.lspMemoryBytes))
  }

  serverInput(server: number, bytes: Uint8Array): void {
    if (this.#servers.input(server, bytes)) this.#activity.seen()
  }

  serverAck(server: number, offset: number): void {
    this.#servers.ack(server, offset)
  }

  stopServer(server: number): void {
    this.#servers.stop(server)
  }

  /** Ends the job that owns the terminal and everything it left behind; asked of none, nothing happens. */
  stop(): void {
    this.#activity.seen()
    this.#jobs.stop()
  }

  /** attached | parked -> ended; the first reason stays. Settles when nothing of the sandbox remains. */
  async end(reason: EndReason): Promise<void> {
    if (this.#isOver()) return
    this.#leave(new Ended(reason)).ended(reason)
    await this.#parts.sandbox.destroy()
    this.#parts.ended(this, reason)
  }

  /** attached | parked -> released: its programs go on, for the server that has it or will. */
  release(): void {
    if (this.#isOver()) return
    this.#leave(new Released()).moved()
    this.#parts.released(this)
  }

  /** Whoever watched until now. */
  #leave(state: Ended | Released): Viewer {
    const { viewer } = this.#state
    this.#state.leave()
    this.#state = state
    this.#activity.stop()
    this.#window.stop()
    this.#parts.share.forget(this)
    this.#parts.link.close('done')
    this.#tasks.lost()
    this.#jobs.lost()
    for (const waiting of this.#attaching.splice(0)) waiting(undefined)
    return viewer
  }

  /** Acknowledgements of one stream, under the session's share of the machine. */
  #paced(pass: (offset: number) => void): PacedAck {
    const { clock, share, metrics } = this.#parts
    const delayMs = (bytes: number) => {
      const waitMs = share.delay(this, bytes)
      if (waitMs >= 1) metrics.count('dragoman_pty_paced_seconds_total', {}, waitMs / 1000)
      return waitMs
    }
    return new PacedAck(clock, delayMs, (offset) => void (!this.#isOver() && pass(offset)))
  }

  #isOver(): boolean {
    return this.#state.name === 'ended' || this.#state.name === 'released'
  }

  #refusal(): Problem | undefined {
    if (this.#state.name === 'ended') return { code: 'session_ended', reason: this.#state.reason }
    return this.#state.name === 'released' ? { code: 'moved' } : undefined
  }

  async #limited<T>(act: () => Promise<Result<T, Problem>>): Promise<Result<T, Problem>> {
    const refusal = this.#refusal()
    if (refusal) return err(refusal)
    const retryAfterMs = this.#runs.take()
    if (retryAfterMs > 0) return err({ code: 'too_many_runs', retryAfterMs })
    this.#activity.seen()
    return act()
  }

  #message(message: FromAgent): void {
    if (message.type === 'input-ack') {
      this.#inputAcked = Math.min(Math.max(this.#inputAcked, message.offset), this.#inputEnd)
      this.#state.viewer.inputAck(this.#inputAcked)
    } else if (message.type === 'attached') {
      const { from, end, inputEnd, state, job } = message
      this.#inputEnd = this.#inputAcked = inputEnd
      this.#acks.restart(from)
      this.#jobs.found(state)
      this.#attaching.shift()?.({ session: this.id, from, end, inputEnd, state, job })
    } else if (message.type === 'task-ended') this.#tasks.ended(message)
    else if (message.type === 'task-input-ack') this.#tasks.inputTaken(message)
    else this.#jobs.message(message)
  }

  #output(offset: number, bytes: Uint8Array): void {
    this.#activity.seen()
    this.#acks.came(offset + bytes.length)
    this.#printed += bytes.length
    this.#parts.metrics.count('dragoman_pty_bytes_total', { dir: 'out' }, bytes.length)
    this.#state.viewer.output(offset, bytes)
  }

  /** It ends by itself, unless it is another server's by now or somebody came back meanwhile. */
  async #over(reason: EndReason): Promise<void> {
    const { isHeld } = this.#parts
    if (isHeld && !(await isHeld(this))) return this.release()
    if (reason !== 'left' || this.#state.name === 'parked') await this.end(reason)
  }

  async #closed(why: string): Promise<void> {
    if (this.#isOver()) return
    if (why === FENCED) return this.release()
    const { clock, sandbox } = this.#parts
    const gone = await Promise.race([
      sandbox.exited.then((exit) => exit.reason),
      new Promise<'lost'>((done) => clock.after(LAST_WORDS_MS, () => done('lost'))),
    ])
    await this.#over(gone === 'memory' ? 'memory' : 'lost')
  }
}
