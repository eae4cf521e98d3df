/** A sandbox whose server died for good reaps itself after this long without a connection. */
export const ORPHAN_MS = 120_000
const TIMER_MS_MAX = 2 ** 31 - 1

/** Decides when the agent leaves: alone for too long, or at the end of its session's life, whichever comes first. */
export class Lifetime {
  readonly #leave: () => void
  #orphan: ReturnType<typeof setTimeout> | undefined
  #life: ReturnType<typeof setTimeout> | undefined

  constructor(leave: () => void) {
    this.#leave = leave
    this.disconnected()
  }

  connected(): void {
    clearTimeout(this.#orphan)
  }

  disconnected(): void {
    clearTimeout(this.#orphan)
    this.#orphan = setTimeout(this.#leave, ORPHAN_MS)
  }

  claimed(lifeMs: number): void {
    clearTimeout(this.#life)
    this.#life = setTimeout(this.#leave, Math.min(lifeMs, TIMER_MS_MAX))
  }
}
