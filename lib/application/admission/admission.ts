import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { tokenBucket } from '../sessions/token-bucket.ts'

export type AdmissionOptions = {
  readonly sessionsMax: number
  readonly perAddressMax: number
  readonly startsPerMinute: number
  readonly queueMax: number
}

/** A place among the sessions that may run; given back once. */
export type Place = { release(): void }

type Waiting = { readonly address: string; readonly place: (n: number) => void; readonly enter: (place: Place) => void }

/** Addresses whose rate is remembered; above it the quiet ones are forgotten. */
const ADDRESSES_MAX = 50_000

/**
 * Who may start a session: so many in all, so many and so often from one address. Who finds it full waits in a queue
 * that serves addresses in turn, the one with the fewest sessions first, so that a crowd behind one address does not
 * hold up the rest.
 */
export function admission(clock: Clock, metrics: Metrics, options: AdmissionOptions) {
  const open = new Map<string, number>()
  const buckets = new Map<string, ReturnType<typeof tokenBucket>>()
  let waiting: Waiting[] = []
  let running = 0

  const heldBy = (address: string) => (open.get(address) ?? 0) + waiting.filter((one) => one.address === address).length

  function bucketOf(address: string) {
    if (buckets.size >= ADDRESSES_MAX) for (const [old, bucket] of buckets) if (bucket.isFull()) buckets.delete(old)
    const found =
      buckets.get(address) ?? tokenBucket(clock, { burst: options.startsPerMinute, perSecond: options.startsPerMinute / 60 })
    buckets.set(address, found)
    return found
  }

  function occupy(address: string): Place {
    running += 1
    open.set(address, (open.get(address) ?? 0) + 1)
    let held = true
    return {
      release() {
        if (!held) return
        held = false
        running -= 1
        const left = (open.get(address) ?? 1) - 1
        if (left > 0) open.set(address, left)
        else open.delete(address)
        admitNext()
      },
    }
  }

  function admitNext(): void {
    if (running >= options.sessionsMax || waiting.length === 0) return
    const next = waiting.reduce((best, one) => ((open.get(one.address) ?? 0) < (open.get(best.address) ?? 0) ? one : best))
    waiting = waiting.filter((one) => one !== next)
    next.enter(occupy(next.address))
    tellPlaces()
  }

  function tellPlaces(): void {
    metrics.set('dragoman_session_queue_length', {}, waiting.length)
    waiting.forEach((one, index) => one.place(index + 1))
  }

  return {
    /** `place` hears the place in the queue, from 1, whenever it changes. Leaves the queue when the signal aborts. */
    async enter(address: string, place: (n: number) => void, signal: AbortSignal): Promise<Result<Place, Problem>> {
      const reject = (problem: Problem) => {
        metrics.count('dragoman_sessions_rejected_total', { reason: problem.code })
        return err(problem)
      }
      if (heldBy(address) >= options.perAddressMax) return reject({ code: 'too_many_sessions', max: options.perAddressMax })
      const retryAfterMs = bucketOf(address).take()
      if (retryAfterMs > 0) return reject({ code: 'too_fast', retryAfterMs })
      if (running < options.sessionsMax && waiting.length === 0) return ok(occupy(address))
      if (waiting.length >= options.queueMax) return reject({ code: 'queue_full' })
      const from = clock.now()
      const entered = await new Promise<Place | undefined>((done) => {
        const mine: Waiting = { address, place, enter: done }
        waiting.push(mine)
        signal.addEventListener('abort', () => leave(mine, done), { once: true })
        if (signal.aborted) leave(mine, done)
        tellPlaces()
      })
      metrics.observe('dragoman_session_queue_wait_seconds', {}, (clock.now() - from) / 1000)
      return entered ? ok(entered) : err({ code: 'no_room' })
    },
    /** Sessions that came from an earlier process of ours hold their places without asking. */
    adopt: occupy,
    waiting: () => waiting.length,
    running: () => running,
  }

  function leave(mine: Waiting, done: (place: undefined) => void): void {
    if (!waiting.includes(mine)) return
    waiting = waiting.filter((one) => one !== mine)
    done(undefined)
    tellPlaces()
  }
}

export type Admission = ReturnType<typeof admission>
