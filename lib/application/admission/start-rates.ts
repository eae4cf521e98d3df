import type { Clock } from '#lib/application/ports/time.ts'

import { tokenBucket } from '../sessions/token-bucket.ts'

/** Addresses whose rate is remembered; above it the quiet ones are forgotten. */
const ADDRESSES_MAX = 50_000

/** How often each address may start. `take` answers 0, or the milliseconds until it may. */
export function startRates(clock: Clock, startsPerMinute: number): { take(address: string): number } {
  const buckets = new Map<string, ReturnType<typeof tokenBucket>>()
  return {
    take(address) {
      if (buckets.size >= ADDRESSES_MAX) for (const [old, bucket] of buckets) if (bucket.isFull()) buckets.delete(old)
      const bucket = buckets.get(address) ?? tokenBucket(clock, { burst: startsPerMinute, perSecond: startsPerMinute / 60 })
      buckets.set(address, bucket)
      return bucket.take()
    },
  }
}
