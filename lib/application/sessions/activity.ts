import type { Clock } from '#lib/application/ports/time.ts'
import type { Limits } from '#lib/domain/limits.ts'

/**
 * Ends a session that nobody uses (no keystroke, no output) and one that is as old as it may be. An open socket is no
 * sign of use: a forgotten tab would hold its sandbox for ever.
 */
export class Activity {
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #end: (reason: 'idle' | 'time') => void
  #last: number
  #cancelIdle: () => void = () => {}
  readonly #cancelLife: () => void

  constructor(clock: Clock, limits: Pick<Limits, 'idleMs' | 'lifeMs'>, end: (reason: 'idle' | 'time') => void) {
    this.#clock = clock
    this.#idleMs = limits.idleMs
    this.#end = end
    this.#last = clock.now()
    this.#cancelLife = clock.after(limits.lifeMs, () => end('time'))
    this.#watch(this.#idleMs)
  }

  seen(): void {
    this.#last = this.#clock.now()
  }

  stop(): void {
    this.#cancelIdle()
    this.#cancelLife()
  }

  // Looks again when the silence could be long enough, so that a keystroke costs no timer.
  #watch(ms: number): void {
    this.#cancelIdle = this.#clock.after(ms, () => {
      const left = this.#last + this.#idleMs - this.#clock.now()
      if (left <= 0) this.#end('idle')
      else this.#watch(left)
    })
  }
}
