import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'

import { digestHex } from '#lib/domain/digest.ts'
import type { Spooled } from './spool.ts'

/** Larger objects go in parts. S3 wants 5 MiB at least and 10,000 parts at most: enough for 160 GiB. */
export const PART_BYTES = 16 * 1024 * 1024

export type Place = { readonly Bucket: string; readonly Key: string }

/** All of it, or nothing: an upload in parts is no object before it is completed. */
export async function upload(client: S3Client, place: Place, spooled: Spooled, signal?: AbortSignal): Promise<void> {
  const abortable = signal ? { abortSignal: signal } : {}
  const Metadata = { sha256: digestHex(spooled.digest) }
  if (spooled.size <= PART_BYTES) {
    const Body = await spooled.read(0, spooled.size)
    await client.send(new PutObjectCommand({ ...place, Body, Metadata }), abortable)
    return
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...place, Metadata }), abortable)
  try {
    const Parts: CompletedPart[] = []
    for (let from = 0; from < spooled.size; from += PART_BYTES) {
      const PartNumber = Parts.length + 1
      const Body = await spooled.read(from, Math.min(from + PART_BYTES, spooled.size))
      const { ETag } = await client.send(new UploadPartCommand({ ...place, UploadId, PartNumber, Body }), abortable)
      Parts.push({ PartNumber, ...(ETag && { ETag }) })
    }
    await client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }), abortable)
  } catch (error) {
    // What remains when this fails too is for abortUploads; why the upload failed is the thing to say.
    await client.send(new AbortMultipartUploadCommand({ ...place, UploadId })).catch(() => undefined)
    throw error
  }
}

/** Uploads whose process went away: their parts are paid for until somebody ends them. */
export async function abortUploads(client: S3Client, Bucket: string, begunBefore: Date): Promise<number> {
  let aborted = 0
  for (let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}; after;) {
    const page: ListMultipartUploadsCommandOutput = await client.send(new ListMultipartUploadsCommand({ Bucket, ...after }))
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (!Key || !UploadId || !Initiated || Initiated >= begunBefore) continue
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
      aborted++
    }
    const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page
    after = IsTruncated && KeyMarker ? { KeyMarker, ...(UploadIdMarker && { UploadIdMarker }) } : undefined
  }
  return aborted
}
