import type { Readable } from 'node:stream'

import type { Digest } from '#lib/domain/digest.ts'
import type { Result } from '#lib/domain/result.ts'

export type SealedEntry = { readonly size: number; readonly digest: Digest }
export type SealedRefused = { readonly code: 'not_found' } | { readonly code: 'bad_file'; readonly why: string }

export interface SealedWriter {
  /** Throws when there are more or fewer bytes than `size`. */
  add(name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void>
}

export interface SealedFile {
  /** In the order in which they were added. */
  readonly entries: ReadonlyMap<string, SealedEntry>
  /** From an offset on, as often as wanted. The stream of a whole entry fails when its bytes are not those that were found. */
  read(name: string, from?: number): Readable
  close(): Promise<void>
}

/** Files of named entries, sealed by the digest of all that is in them. */
export interface SealedFiles {
  /** Makes the file whole, in place of what was there, or leaves what was there. Rejects with what `fill` throws. */
  write(
    path: string,
    fill: (file: SealedWriter) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Result<{ readonly size: number }, { readonly code: 'no_room' }>>
  /** Reads all of it first: a file that is opened is whole, and each byte of it is as it was written. */
  open(path: string, signal: AbortSignal): Promise<Result<SealedFile, SealedRefused>>
}
