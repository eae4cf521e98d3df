import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { verified } from '#lib/application/ports/checked-bytes.ts'
import type { ImageEntry, Images } from '#lib/application/ports/images.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import { digestOfHex } from '#lib/domain/digest.ts'
import { blobsOf } from '#lib/domain/oci-image.ts'
import { parseManifest } from '#lib/domain/parse-image.ts'
import type { Tag } from '#lib/domain/repository.ts'
import { err, ok } from '#lib/domain/result.ts'
import { putBlob, sizeOf, touch } from './blobs.ts'
import { collect } from './collect.ts'
import { absentIsUndefined, layoutFolder } from './folder.ts'
import { type Row, rowsOf, withRows } from './index-file.ts'
import { exclusivelyIn } from './lock.ts'

/** Images as an OCI layout: one folder for all repositories, so that what they share is there once. */
export function layoutImages(path: string, clock: Pick<Clock, 'today'>): Images {
  const folder = layoutFolder(path, clock)
  const exclusively = exclusivelyIn(path)

  async function rowOf(isIt: (row: Row) => boolean): Promise<Row | undefined> {
    return rowsOf(await folder.readIndex()).find(isIt)
  }

  return {
    has: (_, blob) => touch(folder, blob),
    putBlob: (_, source, { signal } = {}) => putBlob(folder, source, signal),

    async getBlob(_, digest) {
      const size = await sizeOf(folder, digest)
      if (size === undefined) return undefined
      return { size, bytes: verified(createReadStream(folder.blob(digest)), { digest, size }, `blob ${digest}`) }
    },

    putManifest: (repository, bytes) =>
      exclusively(async () => {
        const manifest = parseManifest(bytes)
        if (!manifest.ok) return manifest
        for (const blob of blobsOf(manifest.value)) {
          if (!(await touch(folder, blob))) return err({ code: 'blob_missing', digest: blob })
        }
        const digest = digestOfHex(createHash('sha256').update(bytes).digest('hex'))
        await folder.writeBlob(digest, bytes)
        const isSame = (row: Row) => row.repository === repository && row.digest === digest && row.tag === undefined
        const row = { repository, digest, size: bytes.length, tag: undefined }
        await folder.writeIndex(withRows(await folder.readIndex(), isSame, [row]))
        return ok(digest)
      }),

    async getManifest(repository, which) {
      const isIt = 'tag' in which ? (row: Row) => row.tag === which.tag : (row: Row) => row.digest === which.digest
      const row = await rowOf((row) => row.repository === repository && isIt(row))
      const bytes = row && (await absentIsUndefined(readFile(folder.blob(row.digest))))
      if (!row || !bytes) return undefined
      const digest = digestOfHex(createHash('sha256').update(bytes).digest('hex'))
      if (digest !== row.digest) throw new Error(`Cannot read manifest ${row.digest}: its bytes are ${digest}`)
      return { digest, bytes }
    },

    tag: (repository, tag, digest) =>
      exclusively(async () => {
        const index = await folder.readIndex()
        const row = rowsOf(index).find((row) => row.repository === repository && row.digest === digest)
        if (!row) return false
        const isOld = (old: Row) => old.repository === repository && old.tag === tag
        await folder.writeIndex(withRows(index, isOld, [{ ...row, tag }]))
        return true
      }),

    list: async () => entriesOf(rowsOf(await folder.readIndex())),

    delete: (repository, digest) =>
      exclusively(async () => {
        const isGone = (row: Row) => row.repository === repository && row.digest === digest
        await folder.writeIndex(withRows(await folder.readIndex(), isGone, []))
      }),

    collect: (options) => collect(folder, exclusively, options),
  }
}

function entriesOf(rows: readonly Row[]): ImageEntry[] {
  const entries = new Map<string, ImageEntry & { tags: Tag[] }>()
  for (const { repository, digest, tag } of rows) {
    const entry = entries.get(`${repository}@${digest}`) ?? { repository, digest, tags: [] }
    entries.set(`${repository}@${digest}`, entry)
    if (tag !== undefined) entry.tags.push(tag)
  }
  return [...entries.values()]
}
