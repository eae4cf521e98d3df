import type { Result } from '#lib/domain/result.ts'

export type InstalledPackage = { readonly name: string; readonly version: string; readonly architecture: string }
export type BaseFacts = {
  readonly distribution: string
  readonly release: string
  readonly architecture: 'amd64' | 'arm64'
  /** By name. */
  readonly packages: readonly InstalledPackage[]
}
/** A root file system in a folder. */
export type BaseRoot = {
  readonly path: string
  readonly facts: BaseFacts
  /** When the newest of its packages was built: what was made later, by us, is dated so. */
  readonly newest: Date
  remove(): Promise<void>
}
/** `infra` is the world's fault (a mirror that cannot be reached), `failed` is that of what was asked for. */
export type BaseRefused = { readonly code: 'unknown_release' | 'infra' | 'failed'; readonly why: string }

/** The smallest system of a release, without anything of the machine it was made on. */
export interface BaseRoots {
  make(
    /** Without it, the machine's own. */
    release: string | undefined,
    options: { readonly signal: AbortSignal; log(text: string): void },
  ): Promise<Result<BaseRoot, BaseRefused>>
}
