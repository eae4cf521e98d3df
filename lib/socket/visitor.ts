import { langId, sessionId, type SessionId } from '#lib/domain/ids.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, type Result } from '#lib/domain/result.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'
import type { Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { OpenSession, Opened } from '#lib/application/sessions/open-session.ts'
import type { Session } from '#lib/application/sessions/session.ts'
import type { ResumeAsk } from '#lib/application/sessions/take-over.ts'
import type { Language } from '#lib/domain/language.ts'
import type { Resumed, Started } from '#lib/protocol/browser.ts'

import { Attached } from './attached.ts'
import { socketViewer, type BrowserSocket } from './viewer-socket.ts'

export type VisitorWorld = {
  /** The session that the token opens, wherever it is. */
  find(ask: ResumeAsk): Promise<Result<Session, Problem>>
  /** A language that is ready here, or why not. */
  language(id: string): Result<Language, Problem>
  version(language: Language): Promise<Result<{ text: string }, Problem>>
  open(ask: OpenSession): Promise<Result<Opened, Problem>>
  clock: Clock
  metrics: Metrics
  log: Log
}

/** greeted -> opening -> attached; attached -> greeted when the session ends or another page takes it. */
type State = { readonly name: 'greeted' } | { readonly name: 'opening'; readonly stop: AbortController } | Attached

/** One browser's socket: which session it watches, if any. */
export class Visitor {
  readonly #socket: BrowserSocket
  readonly #world: VisitorWorld
  readonly #address: string
  #state: State = { name: 'greeted' }
  /** A resume looks for its session, which takes a while when another server has it. */
  #isFinding = false
  #isGone = false

  constructor(socket: BrowserSocket, world: VisitorWorld, address: string) {
    this.#socket = socket
    this.#world = world
    this.#address = address
  }

  attached(): Attached | undefined {
    return this.#state.name === 'attached' ? this.#state : undefined
  }

  /** greeted -> opening -> attached, or back to greeted with the reason. */
  async start(
    body: { lang: string; cols: number; rows: number },
    answer: (result: Result<Started, Problem>) => void,
  ): Promise<void> {
    if (this.#state.name !== 'greeted' || this.#isFinding) return answer(err({ code: 'bad_message', field: 'start' }))
    const language = langId(body.lang) ? this.#world.language(body.lang) : err({ code: 'unknown_lang', lang: body.lang } as const)
    if (!language.ok) return answer(language)

    const { clock, metrics } = this.#world
    const from = clock.now()
    const stop = new AbortController()
    this.#state = { name: 'opening', stop }
    const size = terminalSize(body.cols, body.rows)
    const opened = await this.#world.open({
      ...{ language: language.value, address: this.#address, size, signal: stop.signal },
      phase: (phase, place) => this.#socket.emit('phase', { phase, ...(place !== undefined && { place }) }),
    })
    if (!opened.ok) {
      this.#state = { name: 'greeted' }
      return answer(opened)
    }
    const { session, token, path } = opened.value
    if (stop.signal.aborted) return void session.end('left')
    const attached = this.#attach(session)
    const resumed = await session.attach(attached.viewer, 0, size)
    if (!resumed.ok) return answer(resumed)
    answer({ ok: true, value: { session: session.id, token, lang: session.language.id } })
    this.#socket.emit('phase', { phase: 'ready' })
    attached.viewer.release()
    metrics.observe('dragoman_session_time_to_first_output_seconds', { path }, (clock.now() - from) / 1000)
  }

  /** greeted | attached -> attached to the session that the token opens. */
  async resume(
    body: { session: string; token: string; offset: number; cols: number; rows: number },
    answer: (result: Result<Resumed, Problem>) => void,
  ): Promise<void> {
    if (this.#state.name === 'opening' || this.#isFinding) return answer(err({ code: 'bad_message', field: 'resume' }))
    const id = sessionId(body.session)
    const found = id ? await this.#find(id, body.token) : err({ code: 'no_session' } as const)
    if (this.#isGone) return
    this.#world.metrics.count('dragoman_session_reattach_total', { outcome: found.ok ? 'ok' : found.error.code })
    if (!found.ok) return answer(found)
    this.attached()?.detach()
    const attached = this.#attach(found.value)
    const resumed = await found.value.attach(attached.viewer, body.offset, terminalSize(body.cols, body.rows))
    answer(resumed)
    if (!resumed.ok) return
    found.value.greet(attached.viewer)
    attached.viewer.release()
  }

  async #find(session: SessionId, token: string): Promise<Result<Session, Problem>> {
    this.#isFinding = true
    try {
      return await this.#world.find({ session, token, address: this.#address })
    } finally {
      this.#isFinding = false
    }
  }

  /** What the language of the session says of its version here. */
  async version(): Promise<Result<{ text: string }, Problem> | undefined> {
    const language = this.attached()?.session.language
    return language && this.#world.version(language)
  }

  /** The socket is gone: what was opening is given up, what was attached is parked. */
  left(): void {
    this.#isGone = true
    if (this.#state.name === 'opening') this.#state.stop.abort(new Error('The visitor left'))
    this.attached()?.detach()
  }

  #attach(session: Attached['session']): Attached {
    const viewer = socketViewer(this.#socket, () => {
      if (this.attached()?.viewer === viewer) this.#state = { name: 'greeted' }
    })
    const attached = new Attached(session, viewer)
    this.#state = attached
    return attached
  }
}
