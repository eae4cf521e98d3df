import { buffer } from 'node:stream/consumers'

import type { RowsBatch } from '#lib/application/ports/backup-rows.ts'
import type { SealedFile, SealedFiles } from '#lib/application/ports/sealed-files.ts'
import {
  BACKUP_FORMAT,
  type BackupContents,
  backupContents,
  type BackupHead,
  backupHead,
  blobEntry,
  CONTENTS,
  entryKind,
  HEAD,
  keptImage,
  type KeptImage,
  keptObject,
  type KeptObject,
  parseJson,
} from '#lib/domain/backup.ts'
import { digestHex } from '#lib/domain/digest.ts'
import { blobsOf, type ImageManifest, MANIFEST_BYTES_MAX } from '#lib/domain/oci-image.ts'
import { parseManifest } from '#lib/domain/parse-image.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

/** Text is read as a whole; ours is a tenth of this. */
const TEXT_BYTES_MAX = 64 * 1024 ** 2

export type BadBackup =
  | { readonly code: 'not_found' }
  | { readonly code: 'bad_backup'; readonly why: string }
  | { readonly code: 'other_format'; readonly format: number }

export type Backup = {
  readonly file: SealedFile
  readonly head: BackupHead
  readonly contents: BackupContents
  readonly objects: readonly KeptObject[]
  readonly images: readonly (KeptImage & { readonly manifest: ImageManifest; readonly bytes: Buffer })[]
  rows(): AsyncGenerator<RowsBatch>
}

/** A backup of which every byte was read, and that has all that it says it has. To be closed by its `file`. */
export async function openBackup(
  files: Pick<SealedFiles, 'open'>,
  path: string,
  signal: AbortSignal,
): Promise<Result<Backup, BadBackup>> {
  const opened = await files.open(path, signal)
  if (!opened.ok)
    return opened.error.code === 'not_found' ? err(opened.error) : err({ code: 'bad_backup', why: opened.error.why })
  const file = opened.value
  try {
    return ok(await read(file))
  } catch (error) {
    await file.close()
    if (error instanceof Bad) return err(error.refused)
    throw error
  }
}

async function read(file: SealedFile): Promise<Backup> {
  for (const [name, { digest }] of file.entries) {
    const kind = entryKind(name)
    if (!kind) return bad(`it has an entry that no backup has`)
    if (kind.kind === 'blob' && kind.hex !== digestHex(digest)) return bad(`${name} has other bytes`)
  }
  const head = parseJson(backupHead, await textOf(file, HEAD)) ?? bad('it does not say what it is')
  if (head.format !== BACKUP_FORMAT) throw new Bad({ code: 'other_format', format: head.format })
  const contents = parseJson(backupContents, await textOf(file, CONTENTS)) ?? bad('it does not say what is in it')

  const objects: KeptObject[] = []
  for await (const line of linesOf(file, 'objects')) {
    const object = parseJson(keptObject, line) ?? bad('a line of its objects is none')
    if (!file.entries.has(blobEntry(object.digest))) return bad(`object ${object.key} is not in it`)
    objects.push(object)
  }
  const images: Backup['images'][number][] = []
  for await (const line of linesOf(file, 'images')) {
    const image = parseJson(keptImage, line) ?? bad('a line of its images is none')
    images.push({ ...image, ...(await manifestOf(file, image)) })
  }
  const blobs = [...file.entries.keys()].filter((name) => entryKind(name)?.kind === 'blob').length
  const found = { objects: objects.length, images: images.length, blobs }
  for (const each of ['objects', 'images', 'blobs'] as const) {
    if (contents[each] !== found[each]) return bad(`it has ${found[each]} ${each}, not ${contents[each]}`)
  }
  return { file, head, contents, objects, images, rows: () => rowsOf(file) }
}

async function* rowsOf(file: SealedFile): AsyncGenerator<RowsBatch> {
  for (const name of file.entries.keys()) {
    const kind = entryKind(name)
    if (kind?.kind === 'rows') yield { table: kind.table, lines: split(await textOf(file, name)) }
  }
}

async function manifestOf(file: SealedFile, { digest }: KeptImage) {
  const name = blobEntry(digest)
  const size = file.entries.get(name)?.size ?? bad(`image ${digest} is not in it`)
  if (size > MANIFEST_BYTES_MAX) return bad(`image ${digest} is none`)
  const bytes = await buffer(file.read(name))
  const manifest = parseManifest(bytes)
  if (!manifest.ok) return bad(`image ${digest}: ${manifest.error.why}`)
  const absent = blobsOf(manifest.value).find((blob) => !file.entries.has(blobEntry(blob)))
  return absent ? bad(`blob ${absent} of image ${digest} is not in it`) : { manifest: manifest.value, bytes }
}

async function* linesOf(file: SealedFile, list: 'objects' | 'images'): AsyncGenerator<string> {
  for (const name of file.entries.keys()) if (entryKind(name)?.kind === list) yield* split(await textOf(file, name))
}

const split = (text: string) => text.split('\n').filter((line) => line !== '')

async function textOf(file: SealedFile, name: string): Promise<string> {
  const size = file.entries.get(name)?.size ?? bad(`it has no ${name}`)
  return size > TEXT_BYTES_MAX ? bad(`${name} is too long`) : (await buffer(file.read(name))).toString()
}

class Bad extends Error {
  readonly refused: BadBackup
  constructor(refused: BadBackup) {
    super(refused.code)
    this.refused = refused
  }
}
function bad(why: string): never {
  throw new Bad({ code: 'bad_backup', why })
}
