import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { MemberRecord } from '#lib/application/ports/records.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { LangId, SessionId } from '#lib/domain/ids.ts'
import { err, type Result } from '#lib/domain/result.ts'

import { localGate } from './gate.ts'
import { startRates } from './start-rates.ts'

export type AdmissionOptions = {
  readonly sessionsMax: number
  readonly perAddressMax: number
  readonly startsPerMinute: number
  readonly queueMax: number
}

export type EnterAsk = {
  readonly session: SessionId
  readonly address: string
  /** What is to be leased with the place, where that is one question to the records. */
  readonly wish: { readonly lang: LangId; readonly keptAs: string }
  /** Hears the place in the queue, from 1, whenever it changes. */
  readonly place: (n: number) => void
  /** Leaves the queue when it aborts. */
  readonly signal: AbortSignal
}

/** What came with a place: a member, or the word that there was none, or that nobody could be asked. */
export type Leased = { readonly member: MemberRecord | undefined } | 'records_away'

/** A place among the sessions that may run; given back once. */
export type Place = {
  release(): void
  readonly leased?: Leased
}

export type NotEntered =
  | { readonly code: 'too_many_sessions'; readonly max: number }
  | { readonly code: 'too_fast'; readonly retryAfterMs: number }
  | { readonly code: 'queue_full' }
  | { readonly code: 'no_room' }

/** Who may start a session: so many in all, so many and so often from one address. Who finds it full waits in a queue. */
export interface Admission {
  enter(ask: EnterAsk): Promise<Result<Place, NotEntered>>
  /** Sessions that came from another process, or an earlier one of ours, hold their places without asking. */
  adopt(address: string): Place
  /** So many servers are at work with this one, itself included. */
  beside(servers: number): void
  waiting(): number
  /** Here, whatever others have. */
  running(): number
  stop(): void
}

/** Of a server that is alone. */
export function admission(clock: Clock, metrics: Metrics, options: AdmissionOptions): Admission {
  const gate = localGate(clock, metrics, options)
  return {
    enter: counted(metrics, rated(startRates(clock, options.startsPerMinute), gate.enter)),
    adopt: gate.occupy,
    beside() {},
    waiting: gate.waiting,
    running: gate.running,
    stop() {},
  }
}

type Enter = Admission['enter']

/** Asks how often the address came before anything else is asked. */
export const rated =
  (rates: { take(address: string): number }, enter: Enter): Enter =>
  async (ask) => {
    const retryAfterMs = rates.take(ask.address)
    return retryAfterMs > 0 ? err({ code: 'too_fast', retryAfterMs }) : enter(ask)
  }

/** Counts refusals; one who left was not refused. */
export const counted =
  (metrics: Metrics, enter: Enter): Enter =>
  async (ask) => {
    const entered = await enter(ask)
    if (!entered.ok && !ask.signal.aborted) metrics.count('dragoman_sessions_rejected_total', { reason: entered.error.code })
    return entered
  }
