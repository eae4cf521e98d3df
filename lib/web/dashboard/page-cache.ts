/** What was made is sent again for so long, unless something was announced: an announcement may have got lost. */
export const FRESH_MS = 2000
/** Addresses are anybody's choice, so what is kept of them has an end. */
export const KEPT_MAX = 100
export const KEPT_BYTES_MAX = 32 * 1024 * 1024

type Kept<Value> = { readonly version: number; readonly madeAt: number; readonly value: Promise<Value>; size: number }

/**
 * Answers by address, made once for all who ask at the same time and shortly after. What was made before the version at hand is
 * made anew; what failed is not kept.
 */
export class PageCache<Value extends { readonly size: number }> {
  readonly #kept = new Map<string, Kept<Value>>()
  readonly #version: () => number
  readonly #now: () => number

  constructor(version: () => number, now: () => number) {
    this.#version = version
    this.#now = now
  }

  get(address: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.#kept.get(address)
    if (known && known.version === this.#version() && this.#now() - known.madeAt < FRESH_MS) return known.value
    const kept: Kept<Value> = { version: this.#version(), madeAt: this.#now(), value: make(), size: 0 }
    this.#kept.delete(address) // whoever comes last stands last
    this.#kept.set(address, kept)
    void this.#settle(address, kept)
    return kept.value
  }

  async #settle(address: string, kept: Kept<Value>): Promise<void> {
    try {
      kept.size = (await kept.value).size
      this.#drop()
    } catch {
      if (this.#kept.get(address) === kept) this.#kept.delete(address) // whoever asked has the error
    }
  }

  /** The longest unasked first. */
  #drop(): void {
    let bytes = [...this.#kept.values()].reduce((sum, { size }) => sum + size, 0)
    for (const [address, { size }] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX && bytes <= KEPT_BYTES_MAX) return
      this.#kept.delete(address)
      bytes -= size
    }
  }
}
