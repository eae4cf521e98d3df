/** Bytes to draw: `skipped` of them were lost before, because they had left the ring when we came back. */
export type Fresh = { readonly bytes: Uint8Array; readonly skipped: number }

/** Keeps output in order across reconnects: what has been drawn already is cut off, what is missing is counted. */
export class OutputCursor {
  /** Offset of the first byte we lack. */
  next = 0

  take(offset: number, bytes: Uint8Array): Fresh {
    const repeated = Math.max(0, this.next - offset)
    const skipped = Math.max(0, offset - this.next)
    const fresh = bytes.subarray(Math.min(repeated, bytes.length))
    this.next = Math.max(this.next, offset + bytes.length)
    return { bytes: fresh, skipped }
  }
}
