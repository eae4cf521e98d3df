import type { Readable } from 'node:stream'

import type { Digest } from '#lib/domain/digest.ts'
import type { Repository, Tag } from '#lib/domain/repository.ts'
import type { Result } from '#lib/domain/result.ts'

/** Bytes that can be read again from any offset, since sending them may be interrupted. */
export type BlobSource = {
  readonly digest: Digest
  readonly size: number
  open(from: number): Readable
}
export type PutBlobOptions = {
  /** Where the same bytes may be already, to be shared from there. */
  readonly alsoIn?: readonly Repository[]
  readonly signal?: AbortSignal
}
/** What became of the bytes: `sent` counts those that travelled, which is none for shared ones. */
export type BlobPut = { readonly sent: number }
export type PutBlobRefused = { readonly code: 'wrong_digest'; readonly expected: Digest }

export type StoredManifest = { readonly digest: Digest; readonly bytes: Buffer }
export type PutManifestRefused =
  | { readonly code: 'bad_manifest'; readonly why: string }
  | { readonly code: 'blob_missing'; readonly digest: Digest }

export type ImageEntry = { readonly repository: Repository; readonly digest: Digest; readonly tags: readonly Tag[] }

export type CollectOptions = {
  /**
   * Asked last, about a manifest without tags. Whoever pushes records the digest before the push begins: then an image
   * that is pushed again while it is being collected is there at the end.
   */
  isLive(digest: Digest): Promise<boolean>
  /** What was pushed or asked about since is left alone, whatever it is. */
  untouchedSince: Date
  readonly signal?: AbortSignal
}
export type Collected = { readonly manifests: number; readonly blobs: number; readonly bytes: number }

/**
 * OCI images by repository and digest. Bytes are checked against their digest both ways. Every call rejects when the store
 * cannot be reached within its time limits.
 */
export interface Images {
  /** A blob that is there stays for the time of grace, so that a manifest can name it. */
  has(repository: Repository, blob: Digest): Promise<boolean>
  /** Sends what is not there yet; what was interrupted goes on where it stopped. */
  putBlob(repository: Repository, source: BlobSource, options?: PutBlobOptions): Promise<Result<BlobPut, PutBlobRefused>>
  getBlob(repository: Repository, blob: Digest): Promise<{ readonly size: number; readonly bytes: Readable } | undefined>
  /** After its blobs. May be repeated. */
  putManifest(repository: Repository, bytes: Buffer): Promise<Result<Digest, PutManifestRefused>>
  getManifest(
    repository: Repository,
    which: { readonly digest: Digest } | { readonly tag: Tag },
  ): Promise<StoredManifest | undefined>
  /** False when there is no such manifest. A tag protects its manifest from being collected. */
  tag(repository: Repository, tag: Tag, digest: Digest): Promise<boolean>
  list(): Promise<readonly ImageEntry[]>
  /** The manifest with its tags; its blobs go when they are collected. May be repeated. */
  delete(repository: Repository, digest: Digest): Promise<void>
  collect(options: CollectOptions): Promise<Collected>
}
