import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { OpenedRecord, Records } from '#lib/application/ports/records.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { EndReason } from '#lib/domain/ending.ts'
import type { SandboxId, SessionId } from '#lib/domain/ids.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import type { Place } from '../admission/admission.ts'
import type { Session } from './session.ts'

/** Ended sessions whose reason is still known to somebody who comes back late. */
const REMEMBERED_MAX = 1000

/** Rows that a database which was away has still to hear of; beyond that the oldest is given up. */
const OWED_MAX = 1000

type Entry = {
  readonly session: Session
  readonly place: Place
  readonly since: number
  /** Settles when its row is there, or could not be written for now. */
  written: Promise<void>
}

/** The sessions of this process, and how the last ones ended. */
export class SessionRegistry {
  readonly #world: { records: Records; clock: Clock; metrics: Metrics; log: Log }
  readonly #live = new Map<SessionId, Entry>()
  readonly #owed = new Map<SessionId, OpenedRecord>()
  readonly #owedEnds = new Map<SessionId, EndReason>()
  readonly #reasons = new Map<SessionId, EndReason>()

  constructor(world: { records: Records; clock: Clock; metrics: Metrics; log: Log }) {
    this.#world = world
  }

  add(session: Session, place: Place): void {
    this.#live.set(session.id, { session, place, since: this.#world.clock.now(), written: Promise.resolve() })
  }

  /** Writes the row of a session that was opened here, now or when the records are back. Until then no other server finds it. */
  record(record: OpenedRecord): void {
    keepAtMost(this.#owed.set(record.id, record), OWED_MAX)
    const entry = this.#live.get(record.id)
    const written = this.#write(record)
    if (entry) entry.written = written
  }

  /** Writes what could not be written before. */
  async settle(): Promise<void> {
    for (const record of this.#owed.values()) await this.#write(record)
    for (const [id, reason] of this.#owedEnds) await this.#writeEnd(id, reason)
  }

  /** Whether a session is still this server's. While nobody can say it is. */
  readonly isHeld = async ({ id, epoch }: Session): Promise<boolean> =>
    this.#owed.has(id) || this.#world.records.sessionIsHeld(id, epoch).catch(() => true)

  /** The session, for whoever has its token. */
  find(id: SessionId, token: string): Result<Session, Problem> {
    const found = this.#live.get(id)?.session
    if (found) return found.isToken(token) ? ok(found) : err({ code: 'bad_token' })
    const reason = this.#reasons.get(id)
    return err(reason ? { code: 'session_ended', reason } : { code: 'no_session' })
  }

  readonly ended = (session: Session, reason: EndReason): void => {
    const { clock, metrics, log } = this.#world
    const entry = this.#live.get(session.id)
    if (!entry) return
    this.#live.delete(session.id)
    entry.place.release()
    this.#remember(session.id, reason)
    metrics.count('dragoman_session_ends_total', { reason })
    metrics.observe('dragoman_session_duration_seconds', { reason }, (clock.now() - entry.since) / 1000)
    log.info('session ended', { session: session.id, lang: session.language.id, reason })
    void this.#recordEnd(entry, reason)
  }

  readonly released = (session: Session): void => {
    const entry = this.#live.get(session.id)
    if (!entry) return
    this.#live.delete(session.id)
    entry.place.release()
    this.#world.metrics.count('dragoman_sessions_released_total', {})
    this.#world.log.info('session released', { session: session.id, lang: session.language.id })
  }

  all(): Iterable<Session> {
    return [...this.#live.values()].map(({ session }) => session)
  }

  /** Those of the sessions here. */
  sandboxes(): readonly SandboxId[] {
    return [...this.#live.values()].map(({ session }) => session.sandbox)
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

  /** Lets go of all of them, for other servers. */
  releaseAll(): void {
    for (const { session } of this.#live.values()) session.release()
  }

  #remember(id: SessionId, reason: EndReason): void {
    keepAtMost(this.#reasons.set(id, reason), REMEMBERED_MAX)
  }

  async #write(record: OpenedRecord): Promise<void> {
    const { records, log } = this.#world
    try {
      await records.sessionOpened(record)
      this.#owed.delete(record.id)
    } catch (error) {
      log.warn('session not recorded', { error: errorText(error) })
    }
  }

  /** A session that has no row yet needs no end of it. */
  async #recordEnd({ session, written }: Entry, reason: EndReason): Promise<void> {
    await written
    if (!this.#owed.delete(session.id)) await this.#writeEnd(session.id, reason)
  }

  async #writeEnd(id: SessionId, reason: EndReason): Promise<void> {
    const { records, log } = this.#world
    try {
      await records.sessionEnded(id, reason)
      this.#owedEnds.delete(id)
    } catch (error) {
      keepAtMost(this.#owedEnds.set(id, reason), OWED_MAX)
      log.warn('end not recorded', { error: errorText(error) })
    }
  }
}

function keepAtMost<K>(map: Map<K, unknown>, max: number): void {
  const oldest = map.keys().next()
  if (map.size > max && !oldest.done) map.delete(oldest.value)
}
