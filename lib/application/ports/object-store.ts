import type { Readable } from 'node:stream'

import type { Digest } from '#lib/domain/digest.ts'
import type { ObjectKey } from '#lib/domain/object-key.ts'
import type { Result } from '#lib/domain/result.ts'

export type ObjectFacts = { readonly key: ObjectKey; readonly size: number; readonly digest: Digest }
/** `facts` are the whole object's, `bytes` what was asked for: read to the end, or destroyed. */
export type ObjectBytes = { readonly facts: ObjectFacts; readonly bytes: Readable }
/** `to` is the first byte that is not wanted; without it the rest of the object is. */
export type ByteRange = { readonly from: number; readonly to?: number }

export type PutOptions = {
  /** Less than the store's own cap. */
  readonly bytesMax?: number
  /** Bytes that turn out to be others are not stored. */
  readonly expected?: Digest
  readonly signal?: AbortSignal
}
export type PutRefused =
  | { readonly code: 'too_large'; readonly bytesMax: number }
  | { readonly code: 'wrong_digest'; readonly expected: Digest; readonly actual: Digest }

/** Bytes by name: logs, agent releases, backups. Every call rejects when the store cannot be reached within its time limit. */
export interface ObjectStore {
  /**
   * Stores all of the bytes under the key, in place of what was there, or nothing: a source that fails, is too long or is
   * not what was expected leaves the old object as it was. A reader sees the old or the new one whole.
   */
  put(key: ObjectKey, bytes: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<Result<ObjectFacts, PutRefused>>
  /** The stream of a whole object fails at its end when the bytes are not those that were stored. */
  get(key: ObjectKey, range?: ByteRange): Promise<ObjectBytes | undefined>
  head(key: ObjectKey): Promise<ObjectFacts | undefined>
  /** What is below `folder/`, or all there is; in no order. */
  list(folder?: ObjectKey): AsyncIterable<Pick<ObjectFacts, 'key' | 'size'>>
  /** May be repeated, and asked of what never was. */
  delete(key: ObjectKey): Promise<void>
  /** Removes what puts that were begun before then and never finished have left; answers how many. */
  sweep(begunBefore: Date): Promise<number>
}

/** No object of ours comes near it. */
export const OBJECT_BYTES_MAX = 8 * 1024 ** 3
