import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Places } from '#lib/application/ports/places.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { SessionId } from '#lib/domain/ids.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { visitorAt } from '#lib/domain/turns.ts'

import {
  type Admission,
  type AdmissionOptions,
  counted,
  type EnterAsk,
  type Leased,
  type NotEntered,
  type Place,
  rated,
} from './admission.ts'
import { localGate, told } from './gate.ts'
import { startRates } from './start-rates.ts'

/** Whoever waits is asked about this often: another server's visitor may have left. */
export const TURN_MS = 500
/** After a place was given up here, when the end of its session has been written. */
export const TURN_SOON_MS = 50
/** While the records are away. */
const RETRY_MS = 3000
/** Places given up while the records were away; beyond that they expire by themselves. */
const OWED_MAX = 1000

type World = {
  readonly records: Places
  readonly replica: string
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
}
type Entered = Result<Place, NotEntered>
type Waiting = { readonly ask: EnterAsk; readonly place: (n: number) => void; readonly done: (entered: Entered) => void }

/**
 * Of one server among several: limits and the queue are those of all of them, by the records. While these are away each
 * server is on its own, with its part of the places.
 */
export function sharedAdmission(world: World, options: AdmissionOptions): Admission {
  const { records, replica, clock, metrics, log } = world
  const { sessionsMax, perAddressMax, queueMax } = options
  let servers = 1
  const bounds = { perAddressMax, queueMax, sessionsMax }
  const part = {
    perAddressMax,
    queueMax,
    get sessionsMax() {
      return Math.ceil(sessionsMax / servers)
    },
  }
  const alone = localGate(clock, metrics, part)
  const waiting = new Map<SessionId, Waiting>()
  /** Asked for, and not answered yet. */
  const asking = new Set<SessionId>()
  const owed = new Set<SessionId>()
  let next: { readonly at: number; readonly cancel: () => void } | undefined
  let isAsking = false
  let isStopped = false

  async function enter(ask: EnterAsk): Promise<Entered> {
    const { session, address, wish } = ask
    asking.add(session)
    const answer = await records
      .enterPlace(
        { session, visitor: visitorAt(address), owner: replica, ...wish },
        { ...bounds, startsPerMinute: options.startsPerMinute },
      )
      .catch((error: unknown) => void log.warn('places are counted here alone', { error: errorText(error) }))
      .finally(() => asking.delete(session))
    if (!answer) {
      owe(session) // it may be there all the same
      return without(ask)
    }
    if (answer.code === 'entered') return ok(held(ask, { member: answer.member }))
    if (answer.code === 'waiting') return wait(ask, answer.place)
    return err(answer.code === 'too_many_sessions' ? { ...answer, max: perAddressMax } : answer)
  }

  /** As a server that is alone would. */
  async function without(ask: EnterAsk): Promise<Entered> {
    metrics.count('dragoman_admission_fallback_total', {})
    const entered = await alone.enter(ask)
    return entered.ok ? ok({ ...entered.value, leased: 'records_away' }) : entered
  }

  function held({ session, address }: EnterAsk, leased?: Leased): Place {
    const place = alone.occupy(address)
    return {
      ...(leased && { leased }),
      release() {
        place.release()
        owe(session) // of a session that was opened there is none any more
      },
    }
  }

  function owe(session: SessionId): void {
    if (owed.size < OWED_MAX) owed.add(session)
    soon(TURN_SOON_MS)
  }

  async function wait(ask: EnterAsk, place: number): Promise<Entered> {
    const from = clock.now()
    const entered = await new Promise<Entered>((done) => {
      const mine: Waiting = { ask, place: told(ask.place), done }
      waiting.set(ask.session, mine)
      mine.place(place)
      ask.signal.addEventListener('abort', () => gone(mine), { once: true })
      if (ask.signal.aborted) gone(mine)
      soon(TURN_MS)
    })
    metrics.observe('dragoman_session_queue_wait_seconds', {}, (clock.now() - from) / 1000)
    return entered
  }

  function gone(mine: Waiting): void {
    if (!settle(mine, err({ code: 'no_room' }))) return
    owe(mine.ask.session)
  }

  async function onMyOwnPlaces({ ask, done }: Waiting): Promise<void> {
    done(await without(ask))
  }

  function settle(mine: Waiting, entered: Entered): boolean {
    const was = waiting.delete(mine.ask.session)
    if (was) mine.done(entered)
    return was
  }

  /** Of two looks that are asked for the earlier is taken; what comes during one is seen by the next. */
  function soon(ms: number): void {
    const at = clock.now() + ms
    if (isStopped || isAsking || (next && next.at <= at)) return
    next?.cancel()
    next = { at, cancel: clock.after(ms, () => void look()) }
  }

  async function look(): Promise<void> {
    next = undefined
    isAsking = true
    const again = await turns().then(() => TURN_MS, onMyOwn)
    isAsking = false
    metrics.set('dragoman_session_queue_length', {}, waiting.size + alone.waiting())
    if (waiting.size + owed.size > 0) soon(again)
  }

  /** Whoever waits goes on to wait for this server's own places. */
  function onMyOwn(error: unknown): number {
    if (waiting.size > 0) log.warn('the queue is kept here alone', { error: errorText(error) })
    for (const mine of waiting.values()) {
      waiting.delete(mine.ask.session)
      owe(mine.ask.session)
      void onMyOwnPlaces(mine)
    }
    return RETRY_MS
  }

  async function turns(): Promise<void> {
    const leaving = [...owed]
    if (leaving.length > 0) await records.leavePlaces(leaving)
    leaving.forEach((session) => owed.delete(session))
    if (waiting.size === 0) return
    const asked = [...waiting.values()]
    const all = [...waiting.keys(), ...asking]
    const places = new Map((await records.placeTurns(replica, all, sessionsMax)).map(({ session, place }) => [session, place]))
    for (const mine of asked) {
      const place = places.get(mine.ask.session)
      if (place === undefined) settle(mine, err({ code: 'queue_full' }))
      else if (place > 0) mine.place(place)
      else if (!waiting.has(mine.ask.session)) owe(mine.ask.session) // left while it was let in
      else settle(mine, ok(held(mine.ask)))
    }
  }

  return {
    enter: counted(metrics, rated(startRates(clock, options.startsPerMinute), enter)),
    adopt: alone.occupy,
    beside: (all) => void (servers = Math.max(1, all)),
    waiting: () => waiting.size + alone.waiting(),
    running: alone.running,
    stop() {
      isStopped = true
      next?.cancel()
    },
  }
}
