import { link, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { Collected, CollectOptions } from '#lib/application/ports/images.ts'
import { digest, type Digest, digestHex } from '#lib/domain/digest.ts'
import { blobsOf } from '#lib/domain/oci-image.ts'
import { parseManifest } from '#lib/domain/parse-image.ts'
import { absentIsUndefined, type LayoutFolder } from './folder.ts'
import { foreignDigests, type Row, rowsOf, withRows } from './index-file.ts'
import type { Exclusively } from './lock.ts'

/**
 * Manifests that nobody wants, then blobs that no manifest names. A blob is moved aside before it is judged: a touch that
 * came before is seen, one that comes after finds nothing and so sends the bytes again.
 */
export async function collect(folder: LayoutFolder, exclusively: Exclusively, options: CollectOptions): Promise<Collected> {
  let [manifests, blobs, bytes] = [0, 0, 0]
  const untagged = await untaggedDigests(folder)
  for (const unwanted of untagged) {
    options.signal?.throwIfAborted()
    if (await collectManifest(folder, exclusively, unwanted, options)) manifests++
  }
  const named = namesIn(folder)
  const before = await named()
  for (const name of await readdir(folder.blobs)) {
    options.signal?.throwIfAborted()
    const freed = before.has(name) ? undefined : await collectBlob(folder, exclusively, name, named, options.untouchedSince)
    if (freed === undefined) continue
    blobs++
    bytes += freed
  }
  await collectUploads(folder, options.untouchedSince)
  return { manifests, blobs, bytes }
}

async function untaggedDigests(folder: LayoutFolder): Promise<Set<Digest>> {
  const rows = rowsOf(await folder.readIndex())
  const tagged = new Set(rows.filter((row) => row.tag !== undefined).map((row) => row.digest))
  return new Set(rows.map((row) => row.digest).filter((each) => !tagged.has(each)))
}

async function collectManifest(folder: LayoutFolder, exclusively: Exclusively, unwanted: Digest, options: CollectOptions) {
  const isYoung = async () => ((await absentIsUndefined(stat(folder.blob(unwanted))))?.mtime ?? 0) >= options.untouchedSince
  if ((await isYoung()) || (await options.isLive(unwanted))) return false
  const removed = await exclusively(async () => {
    const index = await folder.readIndex()
    const rows = rowsOf(index).filter((row) => row.digest === unwanted)
    // Pushed or tagged since we looked: then it is wanted.
    if (rows.some((row) => row.tag !== undefined) || (await isYoung())) return []
    await folder.writeIndex(withRows(index, (row) => row.digest === unwanted, []))
    return rows
  })
  if (removed.length === 0) return false
  if (!(await options.isLive(unwanted))) return true
  await layBack(folder, exclusively, removed)
  return false
}

/** It became live while it was taken out; its blobs are judged later, so all are still there. */
const layBack = (folder: LayoutFolder, exclusively: Exclusively, rows: readonly Row[]) =>
  exclusively(async () => {
    const isSame = (row: Row) =>
      row.tag === undefined && rows.some((old) => old.repository === row.repository && old.digest === row.digest)
    await folder.writeIndex(withRows(await folder.readIndex(), isSame, rows))
  })

/** Under the lock a manifest cannot come to name the blob; a touch needs no lock. Answers the bytes that were freed. */
async function collectBlob(folder: LayoutFolder, exclusively: Exclusively, name: string, named: Named, untouchedSince: Date) {
  const path = join(folder.blobs, name)
  const isYoung = async (at: string) => ((await absentIsUndefined(stat(at)))?.mtime ?? Infinity) >= untouchedSince
  if (await isYoung(path)) return undefined
  return await exclusively(async () => {
    if ((await named()).has(name)) return undefined
    const aside = join(folder.trash, name)
    await absentIsUndefined(rename(path, aside))
    if (await isYoung(aside)) {
      // Back, unless somebody has sent it again meanwhile.
      await link(aside, path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST' && error.code !== 'ENOENT') throw error
      })
      await rm(aside, { force: true })
      return undefined
    }
    const { size } = await stat(aside)
    await rm(aside)
    return size
  })
}

type Named = () => Promise<ReadonlySet<string>>

/** Everything that the index leads to, by its hex. A manifest never changes, so each is read once. */
function namesIn(folder: LayoutFolder): Named {
  const read = new Map<Digest, readonly Digest[]>()
  const namedBy = async (manifest: Digest): Promise<readonly Digest[]> => {
    const bytes = await absentIsUndefined(readFile(folder.blob(manifest)))
    const parsed = bytes && parseManifest(bytes)
    return parsed?.ok ? blobsOf(parsed.value) : []
  }
  return async () => {
    const index = await folder.readIndex()
    const manifests = new Set([...rowsOf(index).map((row) => row.digest), ...foreignDigests(index).flatMap(checked)])
    for (const each of manifests) if (!read.has(each)) read.set(each, await namedBy(each))
    return new Set([...manifests].flatMap((each) => [each, ...(read.get(each) ?? [])]).map(digestHex))
  }
}

const checked = (text: string): Digest[] => {
  const parsed = digest(text)
  return parsed.ok ? [parsed.value] : []
}

/** Interrupted ones that nobody went on with. */
async function collectUploads(folder: LayoutFolder, untouchedSince: Date): Promise<void> {
  for (const below of [folder.uploads, folder.trash]) {
    for (const name of await readdir(below)) {
      const path = join(below, name)
      const found = await absentIsUndefined(stat(path))
      if (found && found.mtime < untouchedSince) await rm(path, { force: true })
    }
  }
}
