import type { Clock } from '#lib/application/ports/time.ts'

/** What one asker may do in a minute; all of it may come at once. */
export const RATES = { read: 600, write: 60 } as const
/** Askers that are remembered; when there are more, those that were not seen for longest are forgotten. */
const ASKERS_MAX = 10_000
const MINUTE_MS = 60_000

export type Rate = {
  readonly isSpent: boolean
  readonly limit: number
  readonly remaining: number
  /** Until one more is allowed when none is left, else until all are. */
  readonly resetMs: number
}

/** Requests of each asker on this server, of each kind: a bucket that fills evenly. */
export function rates(clock: Pick<Clock, 'now'>) {
  const buckets = new Map<string, { left: number; at: number }>()
  return (asker: string, kind: keyof typeof RATES): Rate => {
    const key = `${kind} ${asker}`
    const limit = RATES[kind]
    const now = clock.now()
    const bucket = buckets.get(key) ?? { left: limit, at: now }
    const left = Math.min(limit, bucket.left + ((now - bucket.at) * limit) / MINUTE_MS)
    const isSpent = left < 1
    const after = isSpent ? left : left - 1
    buckets.delete(key)
    buckets.set(key, { left: after, at: now })
    const [oldest] = buckets.keys()
    if (buckets.size > ASKERS_MAX && oldest !== undefined) buckets.delete(oldest)
    const missing = isSpent ? 1 - after : limit - after
    return { isSpent, limit, remaining: Math.floor(after), resetMs: (missing * MINUTE_MS) / limit }
  }
}
