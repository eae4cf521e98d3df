/** The same bytes in pieces of one size, the last one less. */
export async function* chunksOf(bytes: AsyncIterable<Uint8Array>, chunkBytes: number): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const piece of bytes) {
    held.push(piece)
    size += piece.length
    if (size < chunkBytes) continue
    const all = Buffer.concat(held)
    let at = 0
    for (; all.length - at >= chunkBytes; at += chunkBytes) yield all.subarray(at, at + chunkBytes)
    held = [all.subarray(at)]
    size = all.length - at
  }
  if (size > 0) yield Buffer.concat(held)
}
