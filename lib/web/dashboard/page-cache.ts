/** What was made is sent again for so long, unless something was announced: an announcement may have got lost. */
export const FRESH_MS = 2000
/** So long it is still sent to whoever asks while it is made anew, so that nobody waits for what is mostly the same. */
export const STALE_MS = 10_000
/** Addresses are anybody's choice, so what is kept of them has an end. */
export const KEPT_MAX = 100
export const KEPT_BYTES_MAX = 32 * 1024 * 1024

type Kept<Value> = {
  readonly version: number
  readonly value: Promise<Value>
  madeAt: number
  /** Nought until it is made. */
  size: number
  isRenewed: boolean
}

/**
 * Answers by address, made once for all who ask at the same time and shortly after. What was made before the version at hand is
 * made anew before anybody gets it; what failed is not kept.
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
    if (!known || known.version !== this.#version()) return this.#make(address, make)
    const age = this.#now() - known.madeAt
    if (known.size === 0 || age < FRESH_MS) return known.value
    if (age >= STALE_MS) return this.#make(address, make)
    if (!known.isRenewed) {
      known.isRenewed = true
      void this.#renew(address, known, make)
    }
    return known.value
  }

  #make(address: string, make: () => Promise<Value>): Promise<Value> {
    const value = make()
    const kept = { version: this.#version(), value, madeAt: this.#now(), size: 0, isRenewed: false }
    this.#keep(address, kept)
    void this.#settle(address, kept)
    return value
  }

  /** Beside the old one, which stays until this is made. */
  async #renew(address: string, known: Kept<Value>, make: () => Promise<Value>): Promise<void> {
    const at = { version: this.#version(), madeAt: this.#now() }
    try {
      const value = await make()
      if (this.#kept.get(address) !== known) return
      this.#keep(address, { ...at, value: Promise.resolve(value), size: value.size, isRenewed: false })
      this.#drop()
    } catch {
      known.isRenewed = false // the next who asks tries again, until the old one is too old
    }
  }

  async #settle(address: string, kept: Kept<Value>): Promise<void> {
    try {
      kept.size = (await kept.value).size
      this.#drop()
    } catch {
      if (this.#kept.get(address) === kept) this.#kept.delete(address) // whoever asked has the error
    }
  }

  #keep(address: string, kept: Kept<Value>): void {
    this.#kept.delete(address) // whoever comes last stands last
    this.#kept.set(address, kept)
  }

  /** The longest unmade first. */
  #drop(): void {
    let bytes = [...this.#kept.values()].reduce((sum, { size }) => sum + size, 0)
    for (const [address, { size }] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX && bytes <= KEPT_BYTES_MAX) return
      this.#kept.delete(address)
      bytes -= size
    }
  }
}
