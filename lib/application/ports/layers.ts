import type { Readable } from 'node:stream'

import type { Digest } from '#lib/domain/digest.ts'
import type { LayerFault } from '#lib/domain/layer-entry.ts'
import type { layerRules } from '#lib/domain/layer-rules.ts'
import type { Result } from '#lib/domain/result.ts'
import type { BlobSource } from './images.ts'

export type LayerRules = ReturnType<typeof layerRules>
/** `diffId` is the digest of the archive, before it was compressed. */
export type LayerFacts = { readonly diffId: Digest; readonly entries: number; readonly bytes: number }

/** A packed layer in a file of ours, to be pushed and then removed. */
export type PackedLayer = BlobSource & { readonly diffId: Digest; remove(): Promise<void> }

export type UnpackedLayers = { readonly path: string; remove(): Promise<void> }
export type Watched = {
  /** `begin` is when the changes began: what is younger is dated as the newest of the older ones, or as `fallback`. */
  pack(options: {
    readonly begin: Date
    readonly fallback: Date
    readonly signal: AbortSignal
  }): Promise<PackedLayer & { readonly newest: Date }>
}

/** A folder as a layer, and back. */
export interface Layers {
  /** The same files are the same bytes: sorted, owners by number, nothing younger than `newest`. */
  pack(folder: string, options: { readonly newest: Date; readonly signal: AbortSignal }): Promise<PackedLayer>
  /**
   * Lays layers over each other in a folder of ours. Only those of an image that was linted. Owners become so much higher,
   * for a user namespace that begins there.
   */
  unpack(
    layers: readonly (() => Promise<Readable>)[],
    options: { readonly shiftBy?: number; readonly signal: AbortSignal },
  ): Promise<UnpackedLayers>
  /** Looks at a folder now, to pack later what has become of it, removals too. Nothing may change it while it is packed. */
  watch(folder: string, shiftedBy: number): Promise<Watched>
  /** Reads, writing nothing of it anywhere, one layer to its end or to its first fault. Rejects when the bytes cannot be read. */
  lint(packed: Readable, rules: LayerRules, signal?: AbortSignal): Promise<Result<LayerFacts, LayerFault>>
}
