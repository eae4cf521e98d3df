import type { Clock } from '#lib/application/ports/time.ts'

/**
 * Acknowledgements of one stream, each passed on once its share of the machine allows: a flood is slowed by its own
 * window, and what is little goes at once.
 */
export class PacedAck {
  readonly #clock: Clock
  readonly #delayMs: (bytes: number) => number
  readonly #pass: (offset: number) => void
  #came = 0
  #drawn = 0
  #waits = false

  constructor(clock: Clock, delayMs: (bytes: number) => number, pass: (offset: number) => void) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#pass = pass
  }

  /** The stream begins again at `offset`. */
  restart(offset: number): void {
    this.#came = this.#drawn = offset
  }

  /** Output up to `offset` was sent to the viewer. */
  came(offset: number): void {
    this.#came = offset
  }

  /** The viewer says it drew up to `offset`; it cannot have drawn what it was not sent. */
  drawn(offset: number): void {
    const drawn = Math.min(offset, this.#came)
    if (drawn <= this.#drawn) return
    const waitMs = this.#delayMs(drawn - this.#drawn)
    this.#drawn = drawn
    if (this.#waits) return
    if (waitMs < 1) return this.#pass(drawn)
    this.#waits = true
    this.#clock.after(waitMs, () => {
      this.#waits = false
      this.#pass(this.#drawn)
    })
  }
}
