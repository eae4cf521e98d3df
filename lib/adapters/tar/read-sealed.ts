import { tally } from '#lib/application/ports/checked-bytes.ts'
import type { SealedEntry } from '#lib/application/ports/sealed-files.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { byteQueue } from './byte-queue.ts'
import { BLOCK, readHeader } from './header.ts'
import { fillOf, SEAL, sealedHeader } from './sealed-header.ts'

/** `at` is where its bytes begin in the file. */
export type FoundEntry = SealedEntry & { readonly at: number }

const PIECE_BYTES = 64 * 1024
/** Each takes some 200 bytes of memory. */
const ENTRIES_MAX = 2_000_000
const SEAL_BYTES = 'sha256:'.length + 64 + 1

/** The entries by name, or what is wrong with the file: whatever is not as it would be written anew. */
export async function readSealed(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Result<ReadonlyMap<string, FoundEntry>, string>> {
  const queue = byteQueue(bytes)
  const all = tally()
  const entries = new Map<string, FoundEntry>()
  const take = async (count: number) => (await queue.take(count)) ?? bad('it is cut')
  try {
    for (;;) {
      signal.throwIfAborted()
      const block = await take(BLOCK)
      const { path, size } = headerIn(block)
      if (path === SEAL) break
      all.take(block)
      if (entries.has(path)) return bad('it has an entry twice')
      if (entries.size === ENTRIES_MAX) return bad(`it has more than ${ENTRIES_MAX} entries`)
      const [at, entry] = [all.size(), tally()]
      for (let left = size; left > 0; left -= PIECE_BYTES) {
        const piece = await take(Math.min(left, PIECE_BYTES))
        entry.take(piece)
        all.take(piece)
      }
      entries.set(path, { at, size, digest: entry.digest() })
      all.take(await zeros(fillOf(size).length))
    }
    const seal = await take(SEAL_BYTES)
    if (seal.toString('latin1') !== `${all.digest()}\n`) return bad('its bytes are not those that were sealed')
    await zeros(fillOf(SEAL_BYTES).length + 2 * BLOCK)
    return (await queue.isAtEnd()) ? ok(entries) : bad('there is more behind its end')
  } catch (error) {
    if (error instanceof Bad) return err(error.message)
    throw error
  } finally {
    await queue.close()
  }

  async function zeros(count: number): Promise<Buffer> {
    const fill = await take(count)
    return fill.every((byte) => byte === 0) ? fill : bad('there is something between its entries')
  }
}

function headerIn(block: Buffer) {
  const header = readHeader(block)
  if (typeof header === 'string') return bad(header)
  if (header.path.length > 100 || !block.equals(sealedHeader(header.path, header.size)))
    return bad('a header is not as we write it')
  if (header.path === SEAL && header.size !== SEAL_BYTES) return bad('its seal is none')
  return header
}

class Bad extends Error {}
function bad(why: string): never {
  throw new Bad(why)
}
