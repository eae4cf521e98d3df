import type { Foundation } from '#lib/domain/foundation.ts'
import type { Result } from '#lib/domain/result.ts'

/** What a foundation is on this machine; both stay as they are until it is released, which may be repeated. */
export type HeldRoot = {
  /** The image's files, with a place for each thing that a sandbox mounts. Nothing is ever written there. */
  readonly rootPath: string
  readonly agentPath: string
  release(): void
}

export type RootRefused =
  /** The image is not where images are kept, or is not one that may be run. */
  | { readonly code: 'bad_image'; readonly why: string }
  | { readonly code: 'no_agent'; readonly version: string }
  /** Where images are kept could not be asked, or there is no room for it here. */
  | { readonly code: 'not_fetched'; readonly why: string }

/** Built images as folders on this machine, with the agents that were released for them. */
export interface ImageRoots {
  /** Fetches and unpacks first what is not here; all who ask for one image at a time wait for one unpacking. */
  hold(foundation: Foundation, signal: AbortSignal): Promise<Result<HeldRoot, RootRefused>>
}
