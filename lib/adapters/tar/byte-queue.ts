/** Bytes of a stream by exact numbers. */
export function byteQueue(bytes: AsyncIterable<Uint8Array>) {
  const source = bytes[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)

  /** False at the end of the stream. */
  async function more(): Promise<boolean> {
    const next = await source.next()
    if (next.done) return false
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length)
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    return true
  }

  return {
    /** Undefined when fewer are left. */
    async take(count: number): Promise<Buffer | undefined> {
      while (held.length < count) if (!(await more())) return undefined
      const taken = held.subarray(0, count)
      held = held.subarray(count)
      return taken
    },
    /** False when fewer are left. */
    async skip(count: number): Promise<boolean> {
      let left = count
      for (;;) {
        const now = Math.min(left, held.length)
        held = held.subarray(now)
        left -= now
        if (left === 0) return true
        if (!(await more())) return false
      }
    },
    async isAtEnd(): Promise<boolean> {
      while (held.length === 0) if (!(await more())) return true
      return false
    },
    /** Lets go of the stream before its end. */
    async close(): Promise<void> {
      await source.return?.()
    },
  }
}
