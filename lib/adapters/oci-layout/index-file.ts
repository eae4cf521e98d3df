import { z } from 'zod'

import { digest, type Digest } from '#lib/domain/digest.ts'
import { MEDIA_TYPE } from '#lib/domain/oci-image.ts'
import { type Repository, repository, type Tag, tag } from '#lib/domain/repository.ts'

/** What tools look images up by. */
const REF_NAME = 'org.opencontainers.image.ref.name'
/** Ours, for an image without a tag. */
const REPOSITORY = 'dragoman.repository'

const entry = z.looseObject({
  mediaType: z.string(),
  digest: z.string(),
  size: z.int(),
  annotations: z.record(z.string(), z.string()).optional(),
})
/** Loose: a tool that copied something in may have written more. */
export const indexFile = z.looseObject({ schemaVersion: z.literal(2), manifests: z.array(entry) })
export type Index = z.infer<typeof indexFile>
type Entry = Index['manifests'][number]

export type Row = {
  readonly repository: Repository
  readonly digest: Digest
  readonly size: number
  readonly tag: Tag | undefined
}

/** The images in it that have a repository; what else a tool may have put there is left as it is. */
export const rowsOf = (index: Index): Row[] => index.manifests.flatMap((each) => rowOf(each) ?? [])

/** Replaces all rows that `isReplaced` says by the given ones. */
export function withRows(index: Index, isReplaced: (row: Row) => boolean, rows: readonly Row[]): Index {
  const kept = index.manifests.filter((each) => {
    const row = rowOf(each)
    return !row || !isReplaced(row)
  })
  return { ...index, manifests: [...kept, ...rows.map(entryOf)] }
}

/** Digests that foreign entries name: nothing of ours to collect. */
export const foreignDigests = (index: Index): string[] => index.manifests.flatMap((each) => (rowOf(each) ? [] : each.digest))

function rowOf({ digest: text, size, annotations = {} }: Entry): Row | undefined {
  const name = annotations[REF_NAME]
  const [repositoryText = '', tagText = ''] = name === undefined ? [annotations[REPOSITORY]] : name.split(':', 3)
  const [where, what, tagged] = [repository(repositoryText), digest(text), tag(tagText)]
  if (!where.ok || !what.ok || (name !== undefined && !tagged.ok)) return undefined
  return { repository: where.value, digest: what.value, size, tag: tagged.ok ? tagged.value : undefined }
}

const entryOf = ({ repository, digest, size, tag }: Row): Entry => ({
  mediaType: MEDIA_TYPE.manifest,
  digest,
  size,
  annotations: tag === undefined ? { [REPOSITORY]: repository } : { [REF_NAME]: `${repository}:${tag}` },
})
