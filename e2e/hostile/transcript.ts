/** Of more, the first and the last half of it are kept: a flood must not fill our own memory. */
export const TRANSCRIPT_BYTES_MAX = 4 * 1024 * 1024

/** All that a visitor was shown, up to a size. */
export function transcript(bytesMax = TRANSCRIPT_BYTES_MAX) {
  const head: Buffer[] = []
  let tail: Buffer[] = []
  let [bytes, headBytes, tailBytes] = [0, 0, 0]

  return {
    add(chunk: Buffer): void {
      bytes += chunk.length
      const kept = chunk.subarray(0, bytesMax / 2 - headBytes)
      if (kept.length > 0) head.push(kept)
      headBytes += kept.length
      const rest = chunk.subarray(kept.length)
      if (rest.length > 0) tail.push(rest)
      tailBytes += rest.length
      if (tailBytes <= bytesMax) return
      tail = [Buffer.concat(tail).subarray(-bytesMax / 2)]
      tailBytes = bytesMax / 2
    },
    bytes: () => bytes,
    /** What came after the first so many bytes, as far as it was kept. */
    since(offset: number): string {
      const whole = Buffer.concat([...head, ...tail])
      const lost = bytes - whole.length
      return whole.subarray(offset < headBytes ? offset : Math.max(headBytes, offset - lost)).toString('latin1')
    },
  }
}
