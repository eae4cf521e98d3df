import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Records } from '#lib/application/ports/records.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { EndReason } from '#lib/domain/ending.ts'
import type { SessionId } from '#lib/domain/ids.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import type { Place } from '../admission/admission.ts'
import type { Session } from './session.ts'

/** Ended sessions whose reason is still known to somebody who comes back late. */
const REMEMBERED_MAX = 1000

/** The sessions of this process, and how the last ones ended. */
export class SessionRegistry {
  readonly #world: { records: Records; clock: Clock; metrics: Metrics; log: Log }
  readonly #live = new Map<SessionId, { session: Session; place: Place; since: number }>()
  readonly #reasons = new Map<SessionId, EndReason>()

  constructor(world: { records: Records; clock: Clock; metrics: Metrics; log: Log }) {
    this.#world = world
  }

  add(session: Session, place: Place): void {
    this.#live.set(session.id, { session, place, since: this.#world.clock.now() })
  }

  /** The session, for whoever has its token. */
  find(id: SessionId, token: string): Result<Session, Problem> {
    const found = this.#live.get(id)?.session
    if (found) return found.isToken(token) ? ok(found) : err({ code: 'bad_token' })
    const reason = this.#reasons.get(id)
    return err(reason ? { code: 'session_ended', reason } : { code: 'no_session' })
  }

  readonly ended = (session: Session, reason: EndReason): void => {
    const { records, clock, metrics, log } = this.#world
    const entry = this.#live.get(session.id)
    if (!entry) return
    this.#live.delete(session.id)
    entry.place.release()
    this.#remember(session.id, reason)
    metrics.count('dragoman_session_ends_total', { reason })
    metrics.observe('dragoman_session_duration_seconds', { reason }, (clock.now() - entry.since) / 1000)
    log.info('session ended', { session: session.id, lang: session.language.id, reason })
    records.sessionEnded(session.id, reason).catch((error: unknown) => log.warn('end not recorded', { error: errorText(error) }))
  }

  all(): Iterable<Session> {
    return [...this.#live.values()].map(({ session }) => session)
  }

  size(): number {
    return this.#live.size
  }

  /** Counted when asked for: sessions change state far more often than anybody looks. */
  count(): void {
    let attached = 0
    for (const { session } of this.#live.values()) if (session.state === 'attached') attached += 1
    this.#world.metrics.set('dragoman_sessions_active', { state: 'attached' }, attached)
    this.#world.metrics.set('dragoman_sessions_active', { state: 'parked' }, this.#live.size - attached)
  }

  async endAll(reason: EndReason): Promise<void> {
    await Promise.all([...this.#live.values()].map(({ session }) => session.end(reason)))
  }

  #remember(id: SessionId, reason: EndReason): void {
    this.#reasons.set(id, reason)
    const oldest = this.#reasons.keys().next().value
    if (this.#reasons.size > REMEMBERED_MAX && oldest) this.#reasons.delete(oldest)
  }
}
