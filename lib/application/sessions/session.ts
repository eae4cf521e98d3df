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
import type { FromAgent } from '#lib/protocol/agent.ts'
import type { Resumed } from '#lib/protocol/browser.ts'

import { Activity } from './activity.ts'
import { type AgentLink, FENCED } from './agent-link.ts'
import type { Collected } from './collect-task.ts'
import type { Program } from './jobs.ts'
import type { OutputShare } from './output-share.ts'
import { PacedAck } from './paced-ack.ts'
import { Programs } from './programs.ts'
import { Attached, Ended, Parked, Released, type SessionState } from './session-state.ts'
import { TerminalStream } from './terminal-stream.ts'
import type { Viewer } from './viewer.ts'

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
  readonly #programs: Programs
  readonly #terminal: TerminalStream
  readonly #activity: Activity
  #state: SessionState

  constructor(parts: SessionParts) {
    this.#parts = parts
    const { clock, link, language, sandbox } = parts
    const world = { ...parts, pace: (pass: (offset: number) => void) => this.#paced(pass), viewer: () => this.#state.viewer }
    this.#terminal = new TerminalStream(world)
    this.#programs = new Programs({ ...world, refusal: () => this.#refusal(), begun: () => this.#activity.seen() })
    this.#activity = new Activity(
      clock,
      { idleMs: language.limits.idleMs, lifeMs: parts.lifeMs },
      (reason) => void this.#over(reason),
    )
    this.#state = new Parked(clock, parts.graceMs, () => void this.#over('left'))
    link.listen({
      message: (message) => this.#message(message),
      output: (offset, bytes) => this.#output(offset, bytes),
      taskOutput: (stream, offset, bytes) => this.#programs.taskOutput(stream, offset, bytes),
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
    return this.#terminal.printed
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
    const { clock, metrics } = this.#parts
    if (this.#state.name === 'parked' && this.#state.everAttached) {
      metrics.observe('dragoman_session_reattach_gap_seconds', {}, (clock.now() - this.#state.since) / 1000)
    }
    this.#programs.server.stop() // its messages were for the page before
    this.#state.leave()
    this.#state = new Attached(viewer)
    this.#activity.seen()
    this.resize(size)
    const joined = await this.#terminal.join(offset)
    if (!joined) return err(this.#refusal() ?? { code: 'lost' })
    const { from, end, inputEnd, state, job } = joined
    return ok({ session: this.id, from, end, inputEnd, state, job })
  }

  /** What a viewer that has just attached must hear besides the output. */
  greet(viewer: Viewer): void {
    const last = this.#programs.last()
    if (last) viewer.job(last)
  }

  /** attached -> parked, when this viewer is the one that watches. */
  detach(viewer: Viewer): void {
    if (this.#state.name !== 'attached' || this.#state.viewer !== viewer) return
    this.#parts.link.send({ type: 'detach' })
    this.#programs.server.stop()
    this.#state = new Parked(this.#parts.clock, this.#parts.graceMs, () => void this.#over('left'), true)
  }

  input(offset: number, bytes: Uint8Array): void {
    if (this.#isOver()) return
    if (this.#terminal.input(offset, bytes)) this.#activity.seen()
  }

  ack(offset: number): void {
    this.#terminal.ack(offset)
  }

  resize(size: TerminalSize): void {
    this.#terminal.resize(size)
  }

  run(program: Program): Promise<Result<{ job: number }, Problem>> {
    return this.#programs.run(program)
  }

  repl(): Promise<Result<{ job: number }, Problem>> {
    return this.#programs.repl()
  }

  task(command: string): Promise<Result<Collected, Problem>> {
    return this.#programs.task(command)
  }

  format(text: string): Promise<Result<{ text: string }, Problem>> {
    return this.#programs.format(text)
  }

  startServer(): Promise<Result<{ server: number }, Problem>> {
    return this.#programs.startServer()
  }

  serverInput(server: number, bytes: Uint8Array): void {
    if (this.#programs.server.input(server, bytes)) this.#activity.seen()
  }

  serverAck(server: number, offset: number): void {
    this.#programs.server.ack(server, offset)
  }

  stopServer(server: number): void {
    this.#programs.server.stop(server)
  }

  /** Ends the job that owns the terminal. */
  stop(): void {
    this.#activity.seen()
    this.#programs.stop()
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
    this.#terminal.stop()
    this.#parts.share.forget(this)
    this.#parts.link.close('done')
    this.#programs.lost()
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

  #message(message: FromAgent): void {
    if (message.type === 'input-ack') this.#terminal.inputTaken(message.offset)
    else if (message.type === 'attached') {
      this.#programs.found(message.state)
      this.#terminal.joined(message)
    } else this.#programs.message(message)
  }

  #output(offset: number, bytes: Uint8Array): void {
    this.#activity.seen()
    this.#terminal.output(offset, bytes)
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
