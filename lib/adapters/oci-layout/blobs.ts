import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

import { tally } from '#lib/application/ports/checked-bytes.ts'
import type { BlobPut, BlobSource, PutBlobRefused } from '#lib/application/ports/images.ts'
import { type Digest, digestHex } from '#lib/domain/digest.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { absentIsUndefined, type LayoutFolder, sync } from './folder.ts'

/** Says that the blob is wanted, to whoever collects; false when there is none. */
export async function touch(folder: LayoutFolder, digest: Digest): Promise<boolean> {
  const now = folder.today()
  return (await absentIsUndefined(utimes(folder.blob(digest), now, now).then(() => true))) ?? false
}

/**
 * Writes what is not there yet. What an earlier try wrote is taken over by a rename, so that nobody else goes on with it,
 * and laid back when this one is interrupted too.
 */
export async function putBlob(
  folder: LayoutFolder,
  source: BlobSource,
  signal?: AbortSignal,
): Promise<Result<BlobPut, PutBlobRefused>> {
  const { digest, size } = source
  if (await touch(folder, digest)) return ok({ sent: 0 })

  const partial = join(folder.uploads, digestHex(digest))
  const ours = join(folder.uploads, randomUUID())
  await absentIsUndefined(rename(partial, ours))
  const seen = tally()
  const file = await open(ours, 'a', 0o644)
  try {
    for await (const chunk of createReadStream(ours)) seen.take(chunk as Buffer)
    const from = seen.size()
    if (from < size) {
      for await (const chunk of source.open(from) as AsyncIterable<Buffer>) {
        signal?.throwIfAborted()
        seen.take(chunk)
        if (seen.size() > size) break
        await file.appendFile(chunk)
      }
    }
    await file.sync()
    if (seen.size() < size) throw new Error(`Cannot store ${digest}: its source ends after ${seen.size()} of ${size} bytes`)
    if (seen.size() > size || seen.digest() !== digest) {
      await rm(ours)
      return err({ code: 'wrong_digest', expected: digest })
    }
    await rename(ours, folder.blob(digest))
    await touch(folder, digest)
    await sync(folder.blobs)
    return ok({ sent: size - from })
  } catch (error) {
    await absentIsUndefined(rename(ours, partial))
    throw error
  } finally {
    await file.close()
  }
}

export const sizeOf = async (folder: LayoutFolder, digest: Digest) => (await absentIsUndefined(stat(folder.blob(digest))))?.size
