import type { Clock } from '../ports/time.ts'

/** One end for everything a check waits for. */
export type Deadline = {
  readonly passed: () => boolean
  /** Waits for what comes first: the promise, `ms` from now (when given), or the deadline. */
  first(promise: Promise<unknown>, ms?: number): Promise<'settled' | 'later'>
  cancel(): void
}

export function deadline(clock: Clock, afterMs: number): Deadline {
  let over = false
  const waiting = new Set<() => void>()
  const cancel = clock.after(afterMs, () => {
    over = true
    for (const wake of waiting) wake()
  })
  return {
    passed: () => over,
    cancel,
    async first(promise, ms) {
      if (over) return 'later'
      const { promise: later, resolve } = Promise.withResolvers<'later'>()
      const wake = () => resolve('later')
      waiting.add(wake)
      const forget = ms === undefined ? undefined : clock.after(ms, wake)
      try {
        return await Promise.race([promise.then(() => 'settled' as const), later])
      } finally {
        waiting.delete(wake)
        forget?.()
      }
    },
  }
}
