import { Readable } from 'node:stream'

import type { BackupRows } from '#lib/application/ports/backup-rows.ts'
import type { ImageEntry, Images } from '#lib/application/ports/images.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import type { SealedFiles, SealedWriter } from '#lib/application/ports/sealed-files.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import {
  BACKUP_FORMAT,
  type BackupContents,
  type BackupHead,
  blobEntry,
  CONTENTS,
  HEAD,
  imagesEntry,
  type KeptImage,
  type KeptObject,
  objectsEntry,
  rowsEntry,
} from '#lib/domain/backup.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { blobsOf } from '#lib/domain/oci-image.ts'
import { parseManifest } from '#lib/domain/parse-image.ts'
import { ok, type Result } from '#lib/domain/result.ts'

import { imageName, objectName, placesOf } from './missing-things.ts'

export type BackupDeps = {
  readonly rows: Pick<BackupRows, 'read'>
  readonly objects: Pick<ObjectStore, 'get'>
  readonly images: Pick<Images, 'list' | 'getManifest' | 'getBlob'>
  readonly files: Pick<SealedFiles, 'write'>
  readonly clock: Pick<Clock, 'today'>
}
/** `size` is the file's, in bytes. */
export type MadeBackup = { readonly size: number; readonly contents: BackupContents }

/** Lines of a list that lists what came before it. */
const LIST_LINES_MAX = 1000

/**
 * One file with all rows as of one moment, and every object and image that they name. What the records say is there and is not
 * is left out and told. A server may be at work: what rows name is not collected.
 */
export async function makeBackup(
  { rows, objects, images, files, clock }: BackupDeps,
  path: string,
  { migrations, signal }: { readonly migrations: readonly string[]; readonly signal: AbortSignal },
): Promise<Result<MadeBackup, { readonly code: 'no_room' }>> {
  const counts: Record<string, number> = {}
  const missing: string[] = []
  let contents: BackupContents | undefined

  const written = await files.write(
    path,
    async (file) => {
      const head: BackupHead = { format: BACKUP_FORMAT, madeAt: clock.today().toISOString(), migrations: [...migrations] }
      await addText(file, HEAD, JSON.stringify(head))
      let batch = 0
      const named = await rows.read(async ({ table, lines }) => {
        counts[table] = (counts[table] ?? 0) + lines.length
        await addText(file, rowsEntry(table, ++batch), lines.join('\n'))
      }, signal)

      const blobs = blobWriter(file)
      const keptObjects = listWriter<KeptObject>(file, objectsEntry)
      for (const { key, digest } of named.objects) {
        const found = await objects.get(key)
        if (found?.facts.digest === digest) {
          await blobs.add(digest, found.facts.size, found.bytes)
          await keptObjects.add({ key, digest })
          continue
        }
        found?.bytes.destroy()
        missing.push(objectName(key))
      }
      await keptObjects.end()

      const keptImages = listWriter<KeptImage>(file, imagesEntry)
      const places = placesOf(await images.list())
      for (const digest of new Set(named.images)) {
        const entries = places.get(digest) ?? []
        if (!(await addImage(images, blobs, entries[0]))) missing.push(imageName(digest))
        else for (const { repository, tags } of entries) await keptImages.add({ repository, digest, tags: [...tags] })
      }
      await keptImages.end()

      contents = { rows: counts, objects: keptObjects.count(), images: keptImages.count(), blobs: blobs.count(), missing }
      await addText(file, CONTENTS, JSON.stringify(contents))
    },
    signal,
  )
  if (!written.ok) return written
  if (!contents) throw new Error('Cannot tell what is in the backup')
  return ok({ size: written.value.size, contents })
}

/** False when there is no such image, or a part of it is missing. */
async function addImage(images: BackupDeps['images'], blobs: BlobWriter, place: ImageEntry | undefined): Promise<boolean> {
  const stored = place && (await images.getManifest(place.repository, { digest: place.digest }))
  const manifest = stored && parseManifest(stored.bytes)
  if (!place || !stored || !manifest?.ok) return false
  for (const blob of blobsOf(manifest.value)) {
    if (blobs.has(blob)) continue
    const found = await images.getBlob(place.repository, blob)
    if (!found) return false
    await blobs.add(blob, found.size, found.bytes)
  }
  await blobs.add(place.digest, stored.bytes.length, Readable.from([stored.bytes]))
  return true
}

type BlobWriter = ReturnType<typeof blobWriter>

/** Each digest once, whatever has it. */
function blobWriter(file: SealedWriter) {
  const written = new Set<Digest>()
  return {
    has: (digest: Digest) => written.has(digest),
    count: () => written.size,
    async add(digest: Digest, size: number, bytes: Readable): Promise<void> {
      if (written.has(digest)) return void bytes.destroy()
      await file.add(blobEntry(digest), size, bytes)
      written.add(digest)
    },
  }
}

/** Lines in as many entries as they need. */
function listWriter<Line>(file: SealedWriter, entryOf: (n: number) => string) {
  let [held, parts, count] = [new Array<string>(), 0, 0]
  async function end(): Promise<void> {
    if (held.length === 0) return
    await addText(file, entryOf(++parts), held.join('\n'))
    held = []
  }
  return {
    end,
    count: () => count,
    async add(line: Line): Promise<void> {
      count++
      if (held.push(JSON.stringify(line)) === LIST_LINES_MAX) await end()
    },
  }
}

async function addText(file: SealedWriter, name: string, text: string): Promise<void> {
  const bytes = Buffer.from(`${text}\n`)
  await file.add(name, bytes.length, Readable.from([bytes]))
}
