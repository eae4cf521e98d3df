/** Output that pauses this long has come to a prompt, as far as one can tell of a language without a pattern for it. */
export const QUIET_MS = 250
/** A prompt that takes longer is opened all the same; the visitor sees it come. */
export const SETTLE_MS_MAX = 5000

/** Waits for a prompt just started to stand there: seen, or quiet after its first output, or late. */
export class Settling {
  readonly done: Promise<void>
  #resolve: () => void = () => undefined
  readonly #late: ReturnType<typeof setTimeout>
  #quiet: ReturnType<typeof setTimeout> | undefined

  constructor() {
    this.done = new Promise((resolve) => (this.#resolve = resolve))
    this.#late = setTimeout(() => this.finish(), SETTLE_MS_MAX)
  }

  printed(isPrompt: boolean): void {
    clearTimeout(this.#quiet)
    if (isPrompt) this.finish()
    else this.#quiet = setTimeout(() => this.finish(), QUIET_MS)
  }

  finish(): void {
    clearTimeout(this.#late)
    clearTimeout(this.#quiet)
    this.#resolve()
  }
}
