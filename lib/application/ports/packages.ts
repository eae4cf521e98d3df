import type { Result } from '#lib/domain/result.ts'
import type { BlobSource } from './images.ts'

export type FetchOptions = {
  /** Without it, the machine's own. */
  readonly release: string | undefined
  /** dpkg's list of what is installed already. */
  readonly status: string
  /** A package of ours, to come with what it depends on. */
  readonly deb?: BlobSource
  readonly signal: AbortSignal
  log(text: string): void
}
export type FetchRefused = { readonly code: 'unknown_release' | 'unknown_package' | 'infra' | 'failed'; readonly why: string }
/** A folder with the packages and all that they need, as files to install without a network. */
export type Fetched = { readonly folder: string; readonly files: readonly string[]; remove(): Promise<void> }

/** Packages of a distribution, fetched and checked outside of where they are installed. */
export interface Packages {
  /** Has ready what every `fetch` begins with, for one that follows soon. What is wrong with it that one meets too. */
  prepare(options: Pick<FetchOptions, 'release' | 'signal' | 'log'>): Promise<void>
  fetch(names: readonly string[], options: FetchOptions): Promise<Result<Fetched, FetchRefused>>
}
