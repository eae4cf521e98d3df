import { z } from 'zod'

import { digest as digestFrom, type Digest, digestHex } from './digest.ts'
import { objectKey, type ObjectKey } from './object-key.ts'
import { repository, type Repository, tag, type Tag } from './repository.ts'
import { err, ok, type Result } from './result.ts'

/** Another number is another form, which this code does not read. */
export const BACKUP_FORMAT = 1

/** What rows name that lies elsewhere: objects by key and digest, images by the digest of their manifest. */
export type Named = {
  readonly objects: readonly { readonly key: ObjectKey; readonly digest: Digest }[]
  readonly images: readonly Digest[]
}

/** The entries of a backup in their order: `HEAD`, rows, blobs and the lists that name them, `CONTENTS`. */
export const HEAD = 'backup.json'
export const CONTENTS = 'contents.json'
export const rowsEntry = (table: string, n: number) => `rows/${table}/${String(n).padStart(6, '0')}.ndjson`
export const objectsEntry = (n: number) => `objects/${String(n).padStart(6, '0')}.ndjson`
export const imagesEntry = (n: number) => `images/${String(n).padStart(6, '0')}.ndjson`
export const blobEntry = (digest: Digest) => `blobs/${digestHex(digest)}`

const ENTRY =
  /^(?:(?<head>backup\.json|contents\.json)|rows\/(?<table>[a-z_]{1,60})\/\d{6}\.ndjson|(?<list>objects|images)\/\d{6}\.ndjson|blobs\/(?<blob>[0-9a-f]{64}))$/

export type EntryKind =
  | { readonly kind: 'head' }
  | { readonly kind: 'rows'; readonly table: string }
  | { readonly kind: 'objects' | 'images' }
  | { readonly kind: 'blob'; readonly hex: string }

/** Undefined for a name that no backup has. */
export function entryKind(name: string): EntryKind | undefined {
  const { head, table, list, blob } = ENTRY.exec(name)?.groups ?? {}
  if (head !== undefined) return { kind: 'head' }
  if (table !== undefined) return { kind: 'rows', table }
  if (list === 'objects' || list === 'images') return { kind: list }
  return blob === undefined ? undefined : { kind: 'blob', hex: blob }
}

/** A string that one of the makers of checked names takes. */
const named = <T>(make: (text: string) => Result<T, unknown>) =>
  z.string().transform((text, context): T => {
    const made = make(text)
    if (made.ok) return made.value
    context.addIssue({ code: 'custom', message: 'is no such name' })
    return z.NEVER
  })
const count = z.int().min(0)

export const backupHead = z.object({
  /** Also when the rest is of another form. */
  format: z.int(),
  madeAt: z.iso.datetime(),
  /** Of the tables that the rows are of, in their order. */
  migrations: z.array(z.string().max(200)).max(10_000),
})
export type BackupHead = z.infer<typeof backupHead>

export const backupContents = z.object({
  rows: z.record(z.string(), count),
  objects: count,
  images: count,
  blobs: count,
  /** What rows name and was not there when the backup was made. */
  missing: z.array(z.string().max(400)),
})
export type BackupContents = z.infer<typeof backupContents>

export const keptObject = z.object({ key: named<ObjectKey>(objectKey), digest: named<Digest>(digestFrom) })
export type KeptObject = z.infer<typeof keptObject>

export const keptImage = z.object({
  repository: named<Repository>(repository),
  digest: named<Digest>(digestFrom),
  tags: z.array(named<Tag>(tag)).max(10_000),
})
export type KeptImage = z.infer<typeof keptImage>

/** Undefined when the text is no JSON, or is not of that shape. */
export function parseJson<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

export type NewerBackup = { readonly code: 'newer_backup'; readonly unknown: readonly string[] }

/** An older backup fits newer tables, since migrations only add; a newer one has what older tables have no place for. */
export function backupFits(head: BackupHead, known: readonly string[]): Result<void, NewerBackup> {
  const unknown = head.migrations.filter((name) => !known.includes(name))
  return unknown.length > 0 ? err({ code: 'newer_backup', unknown }) : ok(undefined)
}
