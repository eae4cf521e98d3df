import type { Clock } from '#lib/application/ports/time.ts'

/** Half of what is known of a rate is forgotten in this time. */
const HALF_LIFE_MS = 60_000
/** Somebody who opened a language's page starts it at once; later than this they did not. */
const INTENT_MS = 30_000
const LANGUAGES_MAX = 2000

/** Smoothed starts a second per language, and who is about to start one. */
export function arrivals(clock: Clock) {
  const rates = new Map<string, { perMs: number; at: number }>()
  const intents = new Map<string, number>()

  const decayed = (id: string) => {
    const rate = rates.get(id)
    return rate ? rate.perMs * 0.5 ** ((clock.now() - rate.at) / HALF_LIFE_MS) : 0
  }
  return {
    /** Exponentially weighted: each start adds ln 2 / half-life, which settles at the true rate. */
    started(id: string): void {
      if (rates.size >= LANGUAGES_MAX && !rates.has(id)) rates.clear()
      rates.set(id, { perMs: decayed(id) + Math.LN2 / HALF_LIFE_MS, at: clock.now() })
      intents.delete(id)
    },
    meant(id: string): void {
      if (intents.size >= LANGUAGES_MAX) intents.clear()
      intents.set(id, clock.now() + INTENT_MS)
    },
    perSecond: (id: string): number => decayed(id) * 1000,
    isMeant: (id: string): boolean => (intents.get(id) ?? 0) > clock.now(),
  }
}
