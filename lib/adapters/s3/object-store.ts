import { GetObjectCommand, HeadObjectCommand, DeleteObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'

import { verified } from '#lib/application/ports/checked-bytes.ts'
import { OBJECT_BYTES_MAX, type ObjectFacts, type ObjectStore } from '#lib/application/ports/object-store.ts'
import { digest } from '#lib/domain/digest.ts'
import { type ObjectKey, objectKey } from '#lib/domain/object-key.ts'
import { err, ok } from '#lib/domain/result.ts'
import { absentIsUndefined, isBehindTheEnd, rangeHeader, sizeInRange } from './answers.ts'
import { spool } from './spool.ts'
import { abortUploads, PART_BYTES, type Place, upload } from './upload.ts'

const CONNECT_MS_MAX = 5000
/** Between two bytes of an answer, not for the whole of it. */
const SILENCE_MS_MAX = 30_000
const ATTEMPTS_MAX = 3

export type S3Options = {
  /** Of a store that is not Amazon's own. */
  readonly endpoint?: string
  readonly region: string
  readonly bucket: string
  /** Without it, what the machine or the environment offers. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Folder for what is too large to be held in memory on its way. */
  readonly spoolDir: string
  readonly bytesMax?: number
}

/** Objects in a bucket. Their digest is known before the first byte is sent, and travels as metadata. */
export function s3ObjectStore(options: S3Options): ObjectStore & { close(): void } {
  const client = s3Client(options)
  const bytesMax = options.bytesMax ?? OBJECT_BYTES_MAX
  const place = (key: ObjectKey): Place => ({ Bucket: options.bucket, Key: key })

  return {
    async put(key, bytes, { bytesMax: less = bytesMax, expected, signal } = {}) {
      const most = Math.min(bytesMax, less)
      await using spooled = await spool(bytes, { bytesMax: most, memoryBytesMax: PART_BYTES, dir: options.spoolDir, signal })
      if (spooled.isTooLarge) return err({ code: 'too_large', bytesMax: most })
      const { size, digest } = spooled
      if (expected && expected !== digest) return err({ code: 'wrong_digest', expected, actual: digest })
      await upload(client, place(key), spooled, signal)
      return ok({ key, size, digest })
    },
    async get(key, range) {
      const wanted = range && rangeHeader(range)
      // An empty range cannot be said in a header; neither can one of an empty object be answered.
      if (range && !wanted) return emptyPart(await head(key))
      try {
        const found = await absentIsUndefined(
          client.send(new GetObjectCommand({ ...place(key), ...(wanted && { Range: wanted }) })),
        )
        if (!found) return undefined
        const facts = factsOf(key, wanted ? sizeInRange(found.ContentRange) : found.ContentLength, found.Metadata)
        const body = found.Body as Readable // in Node it is one
        return { facts, bytes: wanted ? body : verified(body, facts, `"${key}"`) }
      } catch (error) {
        if (isBehindTheEnd(error)) return emptyPart(await head(key))
        throw error
      }
    },
    head,
    async *list(folder) {
      const Prefix = folder ? `${folder}/` : ''
      for await (const page of paginateListObjectsV2({ client }, { Bucket: options.bucket, Prefix })) {
        for (const { Key = '', Size = 0 } of page.Contents ?? []) {
          const key = objectKey(Key)
          if (key.ok) yield { key: key.value, size: Size } // others in the bucket are not ours
        }
      }
    },
    async delete(key) {
      await absentIsUndefined(client.send(new DeleteObjectCommand(place(key))))
    },
    sweep: (begunBefore) => abortUploads(client, options.bucket, begunBefore),
    close: () => client.destroy(),
  }

  async function head(key: ObjectKey): Promise<ObjectFacts | undefined> {
    const found = await absentIsUndefined(client.send(new HeadObjectCommand(place(key))))
    return found && factsOf(key, found.ContentLength, found.Metadata)
  }
}

const emptyPart = (facts: ObjectFacts | undefined) => facts && { facts, bytes: Readable.from([]) }

function factsOf(key: ObjectKey, size: number | undefined, metadata: Record<string, string> = {}): ObjectFacts {
  const sha256 = digest(`sha256:${metadata['sha256']}`)
  if (size === undefined || !sha256.ok) throw new Error(`Cannot read "${key}": it was not stored by us`)
  return { key, size, digest: sha256.value }
}

function s3Client({ endpoint, region, credentials }: S3Options): S3Client {
  return new S3Client({
    region,
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(credentials && { credentials }),
    maxAttempts: ATTEMPTS_MAX,
    // The trailing checksums of newer clients are refused by many stores; every body of ours is signed by its sha256 anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS_MAX, requestTimeout: SILENCE_MS_MAX },
  })
}
