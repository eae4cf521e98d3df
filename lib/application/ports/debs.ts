import type { Readable } from 'node:stream'

import type { Digest } from '#lib/domain/digest.ts'
import type { Result } from '#lib/domain/result.ts'

/** What a package says of itself. */
export type DebControl = {
  readonly name: string
  readonly version: string
  readonly architecture: 'all' | 'amd64' | 'arm64'
  /** As Debian writes them: `lua5.4`, `gcc (= 4:12.2.0-3)`. */
  readonly depends: readonly string[]
  readonly description: string
}
/** A package in a file of ours, to be stored and then removed. */
export type PackedDeb = {
  readonly digest: Digest
  readonly size: number
  open(from: number): Readable
  remove(): Promise<void>
}
export type BadTree = { readonly code: 'bad_package'; readonly why: string }

/**
 * Packages of Debian's form, put together outside of where their content was made: nothing that made it has a say in their
 * name, their dependencies or scripts.
 */
export interface Debs {
  /**
   * Of a folder, or of nothing. Everything in it becomes root's and loses what would lend its owner; links stay links, and none
   * is followed. The same content is the same bytes. Nothing may change the folder meanwhile.
   */
  pack(control: DebControl, folder: string | undefined, signal: AbortSignal): Promise<Result<PackedDeb, BadTree>>
}
