import type { Clock } from '#lib/application/ports/time.ts'

/** So many at once, then so many a second. `take` answers 0, or the milliseconds until one is there again. */
export function tokenBucket(clock: Clock, { burst, perSecond }: { burst: number; perSecond: number }) {
  let tokens = burst
  let at = clock.now()
  return {
    take(): number {
      const now = clock.now()
      tokens = Math.min(burst, tokens + ((now - at) / 1000) * perSecond)
      at = now
      if (tokens >= 1) {
        tokens -= 1
        return 0
      }
      return Math.ceil(((1 - tokens) / perSecond) * 1000)
    },
    /** Nothing was taken lately, so forgetting it changes nothing. */
    isFull: () => tokens + ((clock.now() - at) / 1000) * perSecond >= burst,
  }
}
