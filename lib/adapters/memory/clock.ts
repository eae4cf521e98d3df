import type { Clock } from '#lib/application/ports/time.ts'

export type MemoryClock = Clock & {
  advance(ms: number): void
  /** Sets the time of day forward or back, as a machine's clock is set: no time passes. */
  step(ms: number): void
  pending(): number
}

/** A clock that stands still until `advance` moves it; timers fire in their order, as they come due. */
export function memoryClock(): MemoryClock {
  let now = 0
  let steppedMs = 0
  let timers: { at: number; call: () => void }[] = []
  return {
    now: () => now,
    today: () => new Date(now + steppedMs),
    after(ms, call) {
      const timer = { at: now + ms, call }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance(ms) {
      const until = now + ms
      for (;;) {
        const next = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        timers = timers.filter((timer) => timer !== next)
        now = next.at
        next.call()
      }
      now = until
    },
    step: (ms) => void (steppedMs += ms),
    pending: () => timers.length,
  }
}
