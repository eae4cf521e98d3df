import { S3ServiceException } from '@aws-sdk/client-s3'

import type { ByteRange } from '#lib/application/ports/object-store.ts'

/** 404 of an object; a bucket that is not there is a fault. */
export async function absentIsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (hasStatus(error, 404) && error.name !== 'NoSuchBucket') return undefined
    throw error
  }
}

export const isBehindTheEnd = (error: unknown) => hasStatus(error, 416)

/** As HTTP says it, the last byte included; undefined when no byte is wanted. */
export function rangeHeader({ from, to }: ByteRange): string | undefined {
  if (to === undefined) return `bytes=${from}-`
  return from < to ? `bytes=${from}-${to - 1}` : undefined
}

/** The whole object's size in `bytes 2-4/8`. */
export function sizeInRange(contentRange = ''): number | undefined {
  const size = /\/(\d+)$/.exec(contentRange)?.[1]
  return size === undefined ? undefined : Number(size)
}

const hasStatus = (error: unknown, status: number): error is S3ServiceException =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === status
