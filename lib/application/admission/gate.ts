import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { inTurn, type Visitor, visitorAt } from '#lib/domain/turns.ts'

import type { EnterAsk, NotEntered, Place } from './admission.ts'

export type GateBounds = { readonly sessionsMax: number; readonly perAddressMax: number; readonly queueMax: number }

type Waiting = Visitor & { readonly place: (n: number) => void; readonly enter: (place: Result<Place, NotEntered>) => void }

/**
 * The places of this server, and the queue for them: networks and addresses are served in turn, and over a full queue the
 * one who is last in turn is turned away, so that a crowd holds nobody else up. Bounds are read anew each time.
 */
export function localGate(clock: Clock, metrics: Metrics, bounds: GateBounds) {
  let waiting: Waiting[] = []
  let held: readonly Visitor[] = []

  const countOf = (address: string) => [...held, ...waiting].filter((one) => one.address === address).length

  function occupy(address: string): Place {
    const mine = visitorAt(address)
    held = [...held, mine]
    return {
      release() {
        if (!held.includes(mine)) return
        held = held.filter((one) => one !== mine)
        admit()
      },
    }
  }

  function admit(): void {
    if (waiting.length === 0) return
    for (const next of inTurn(waiting, held).slice(0, Math.max(0, bounds.sessionsMax - held.length))) {
      waiting = waiting.filter((one) => one !== next)
      next.enter(ok(occupy(next.address)))
    }
    tellPlaces()
  }

  function tellPlaces(): void {
    metrics.set('dragoman_session_queue_length', {}, waiting.length)
    inTurn(waiting, held).forEach((one, index) => one.place(index + 1))
  }

  function leave(mine: Waiting, why: NotEntered): void {
    if (!waiting.includes(mine)) return
    waiting = waiting.filter((one) => one !== mine)
    mine.enter(err(why))
    tellPlaces()
  }

  function wait({ address, place, signal }: EnterAsk): Promise<Result<Place, NotEntered>> {
    return new Promise((enter) => {
      const mine: Waiting = { ...visitorAt(address), place: told(place), enter }
      waiting = [...waiting, mine]
      signal.addEventListener('abort', () => leave(mine, { code: 'no_room' }), { once: true })
      if (signal.aborted) leave(mine, { code: 'no_room' })
      for (const last of inTurn(waiting, held).slice(bounds.queueMax)) leave(last, { code: 'queue_full' })
      tellPlaces()
    })
  }

  return {
    async enter(ask: EnterAsk): Promise<Result<Place, NotEntered>> {
      if (countOf(ask.address) >= bounds.perAddressMax) return err({ code: 'too_many_sessions', max: bounds.perAddressMax })
      if (held.length < bounds.sessionsMax && waiting.length === 0) return ok(occupy(ask.address))
      const from = clock.now()
      const entered = await wait(ask)
      metrics.observe('dragoman_session_queue_wait_seconds', {}, (clock.now() - from) / 1000)
      return entered
    },
    occupy,
    waiting: () => waiting.length,
    running: () => held.length,
  }
}

/** Passes on what is new. */
export function told(place: (n: number) => void): (n: number) => void {
  let last = 0
  return (n) => {
    if (n !== last) place((last = n))
  }
}
