/** RFC 1951, by the browser itself. */
export async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}

export type BadDeflate = 'damaged' | 'too_large'

/** Reads no more than `bytesMax` of what comes out: a small link may hold a large bomb. */
export async function inflate(bytes: Uint8Array<ArrayBuffer>, bytesMax: number): Promise<Uint8Array | BadDeflate> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      length += value.length
      if (length > bytesMax) {
        await reader.cancel()
        return 'too_large'
      }
      parts.push(value)
    }
  } catch {
    return 'damaged'
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
