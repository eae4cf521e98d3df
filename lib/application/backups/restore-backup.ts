import type { BackupRows, RowsBatch, RowsRefused } from '#lib/application/ports/backup-rows.ts'
import type { Images } from '#lib/application/ports/images.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import type { SealedFiles } from '#lib/application/ports/sealed-files.ts'
import { type BackupContents, backupFits, blobEntry, type NewerBackup } from '#lib/domain/backup.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { blobsOf } from '#lib/domain/oci-image.ts'
import type { Repository } from '#lib/domain/repository.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { missingThings } from './missing-things.ts'
import { type Backup, type BadBackup, openBackup } from './read-backup.ts'

export type RestoreDeps = {
  readonly rows: Pick<BackupRows, 'occupied' | 'restore'>
  readonly objects: Pick<ObjectStore, 'head' | 'list' | 'put'>
  readonly images: Pick<Images, 'list' | 'getManifest' | 'has' | 'putBlob' | 'putManifest' | 'tag'>
  readonly files: Pick<SealedFiles, 'open'>
}
export type RestoreRefused =
  | BadBackup
  | NewerBackup
  | RowsRefused
  /** The rows name what is in neither the backup nor the stores. */
  | { readonly code: 'things_missing'; readonly things: readonly string[] }
  | { readonly code: 'wrong_counts' }
  | { readonly code: 'no_room' }

/** Blobs may be collected between their coming and the manifest's. */
const TRIES_MAX = 3

/**
 * Brings all of a backup to an empty database and empty stores: bytes first, then the rows in one transaction, which stands only
 * if every digest in them is there. What an interrupted one left in the stores is taken for this one's.
 */
export async function restoreBackup(
  deps: RestoreDeps,
  path: string,
  { migrations, signal }: { readonly migrations: readonly string[]; readonly signal: AbortSignal },
): Promise<Result<BackupContents, RestoreRefused>> {
  const opened = await openBackup(deps.files, path, signal)
  if (!opened.ok) return opened
  const backup = opened.value
  try {
    const fits = backupFits(backup.head, migrations)
    if (!fits.ok) return fits
    const occupied = await whatIsThere(deps, backup)
    if (occupied) return err({ code: 'not_empty', what: occupied })
    await putObjects(deps, backup, signal)
    await putImages(deps, backup, signal)
    const restored = await putRows(deps, backup, signal)
    return restored.ok ? ok(backup.contents) : restored
  } catch (error) {
    if (isNoRoom(error)) return err({ code: 'no_room' })
    throw error
  } finally {
    await backup.file.close()
  }
}

/** Something that is not the backup's own. */
async function whatIsThere({ rows, objects, images }: RestoreDeps, backup: Backup): Promise<string | undefined> {
  const table = await rows.occupied()
  if (table) return `table ${table}`
  const ours = new Map(backup.objects.map(({ key, digest }) => [key, digest]))
  for await (const { key } of objects.list()) {
    if (!ours.has(key) || (await objects.head(key))?.digest !== ours.get(key)) return `object ${key}`
  }
  const known = new Set(backup.images.map(({ repository, digest }) => `${repository}@${digest}`))
  const other = (await images.list()).find(({ repository, digest }) => !known.has(`${repository}@${digest}`))
  return other && `image ${other.repository}@${other.digest}`
}

async function putObjects({ objects }: RestoreDeps, { file, objects: kept }: Backup, signal: AbortSignal): Promise<void> {
  for (const { key, digest } of kept) {
    signal.throwIfAborted()
    if ((await objects.head(key))?.digest === digest) continue
    const put = await objects.put(key, file.read(blobEntry(digest)), { expected: digest, signal })
    if (!put.ok) throw new Error(`Cannot store object ${key}: ${put.error.code}`)
  }
}

async function putImages({ images }: RestoreDeps, { file, images: kept }: Backup, signal: AbortSignal): Promise<void> {
  /** Which repository was given a blob first, to be shared from there. */
  const at = new Map<Digest, Repository>()
  for (const { repository, digest, tags, manifest, bytes } of kept) {
    for (let tries = 1; ; tries++) {
      for (const blob of blobsOf(manifest)) {
        const other = at.get(blob)
        const put = await images.putBlob(repository, sourceOf(file, blob), { alsoIn: other ? [other] : [], signal })
        if (!put.ok) throw new Error(`Cannot store blob ${blob}: ${put.error.code}`)
        at.set(blob, repository)
      }
      const put = await images.putManifest(repository, bytes)
      if (put.ok) break
      if (put.error.code !== 'blob_missing' || tries === TRIES_MAX)
        throw new Error(`Cannot store image ${digest}: ${put.error.code}`)
    }
    for (const tag of tags) if (!(await images.tag(repository, tag, digest))) throw new Error(`Cannot tag image ${digest}`)
  }
}

const sourceOf = (file: Backup['file'], digest: Digest) => {
  const name = blobEntry(digest)
  return { digest, size: file.entries.get(name)?.size ?? 0, open: (from: number) => file.read(name, from) }
}

async function putRows(deps: RestoreDeps, backup: Backup, signal: AbortSignal): Promise<Result<void, RestoreRefused>> {
  const counts: Record<string, number> = {}
  return await deps.rows.restore<RestoreRefused>(counted(backup.rows()), async (named) => {
    const tables = new Set([...Object.keys(counts), ...Object.keys(backup.contents.rows)])
    for (const table of tables) if (counts[table] !== backup.contents.rows[table]) return err({ code: 'wrong_counts' })
    const known = new Set(backup.contents.missing)
    const things = (await missingThings(deps, named, signal)).filter((thing) => !known.has(thing))
    return things.length > 0 ? err({ code: 'things_missing', things }) : ok(undefined)
  })

  async function* counted(batches: AsyncIterable<RowsBatch>) {
    for await (const batch of batches) {
      signal.throwIfAborted()
      counts[batch.table] = (counts[batch.table] ?? 0) + batch.lines.length
      yield batch
    }
  }
}

/** The disk of a store, or PostgreSQL's. */
function isNoRoom(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === '53100' || isNoRoom(error.cause)
}
