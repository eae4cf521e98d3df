/** The last `size` bytes of a stream, found by their offset in it. */
export class Ring {
  readonly #bytes: Uint8Array
  #end = 0

  constructor(size: number) {
    this.#bytes = new Uint8Array(size)
  }

  /** Offset of the next byte. */
  get end(): number {
    return this.#end
  }

  /** Offset of the oldest byte still held. */
  get start(): number {
    return Math.max(0, this.#end - this.#bytes.length)
  }

  append(bytes: Uint8Array): void {
    const size = this.#bytes.length
    const kept = bytes.length > size ? bytes.subarray(bytes.length - size) : bytes
    const at = (this.#end + bytes.length - kept.length) % size
    const first = Math.min(kept.length, size - at)
    this.#bytes.set(kept.subarray(0, first), at)
    this.#bytes.set(kept.subarray(first), 0)
    this.#end += bytes.length
  }

  /** Held bytes from `offset`, at most `max`; fewer where the ring turns over. A view: use it before the next append. */
  view(offset: number, max: number): Uint8Array {
    const at = offset % this.#bytes.length
    return this.#bytes.subarray(at, Math.min(at + Math.min(max, this.#end - offset), this.#bytes.length))
  }
}
