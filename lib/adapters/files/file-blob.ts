import { createReadStream } from 'node:fs'

import { tally } from '#lib/application/ports/checked-bytes.ts'
import type { BlobSource } from '#lib/application/ports/images.ts'

/** A file as it is now, to be sent; it is read once for its digest. */
export async function fileBlob(path: string): Promise<BlobSource> {
  const seen = tally()
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) seen.take(chunk)
  return { digest: seen.digest(), size: seen.size(), open: (from) => createReadStream(path, { start: from }) }
}
