import { relative } from 'node:path'
import type { Readable } from 'node:stream'

import type { Digest } from '#lib/domain/digest.ts'
import type { LayerFault } from '#lib/domain/layer-entry.ts'
import type { LayerRules } from '#lib/domain/layer-rules.ts'
import type { Result } from '#lib/domain/result.ts'
import type { BlobSource } from './images.ts'

/** `diffId` is the digest of the archive, before it was compressed. */
export type LayerFacts = { readonly diffId: Digest; readonly entries: number; readonly bytes: number }

/** A packed layer in a file of ours, to be pushed and then removed. */
export type PackedLayer = BlobSource & { readonly diffId: Digest; remove(): Promise<void> }

export type UnpackedLayers = { readonly path: string; remove(): Promise<void> }

/** The layers of an image that was linted, whose digest it is. */
export type LaidLayers = { readonly digest: Digest; readonly layers: readonly (() => Promise<Readable>)[] }

/** A root that begins as an image and is then changed. */
export type BegunRoot = {
  /** The root itself; or, where it is laid over another folder, the place of the three that this takes: {@link overlayOptions}. */
  readonly path: string
  readonly over?: string
  /** The image as it is, to read from: nobody writes there. */
  readonly began: string
  /** Where to find what was changed or added. */
  readonly changes: string
  /**
   * What has become of it as a layer, removals too; nothing may change it meanwhile. `begin` is when the changes began: what
   * is younger is dated as the newest of the older ones, or as `fallback`.
   */
  pack(options: {
    readonly begin: Date
    readonly fallback: Date
    readonly signal: AbortSignal
  }): Promise<PackedLayer & { readonly newest: Date }>
  remove(): Promise<void>
}

/**
 * For a mount made in `path`: `upper` takes the changes, and `work` has to be empty. No path of the machine is told, nothing is
 * asked of the kernel that it would have to remember about the folder below, and nothing waits for the disk: after a fall of
 * the machine nobody goes on with it.
 */
export const overlayOptions = (path: string, over: string): string =>
  `nodev,lowerdir=${relative(path, over)},upperdir=upper,workdir=work,redirect_dir=off,index=off,metacopy=off,volatile`

export type PackOptions = {
  readonly newest: Date
  readonly signal: AbortSignal
  /** These alone, as root's, below a folder of the layer; without it all that is in the folder, as it is. */
  readonly only?: { readonly names: readonly string[]; readonly below: string }
}

/** A folder as a layer, and back. */
export interface Layers {
  /** The same files are the same bytes: sorted, owners by number, nothing younger than `newest`. */
  pack(folder: string, options: PackOptions): Promise<PackedLayer>
  /** An archive that somebody else made, as it is; rejects with what it rejects with. */
  keep(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<PackedLayer>
  /**
   * Lays layers over each other in a folder of ours. Only those of an image that was linted. Owners become so much higher,
   * for a user namespace that begins there; where we are not root, all is ours.
   */
  unpack(
    layers: readonly (() => Promise<Readable>)[],
    options: { readonly shiftBy?: number; readonly signal: AbortSignal },
  ): Promise<UnpackedLayers>
  /** Owners are shifted as by `unpack`, which is done once for all who begin with the same image. */
  begin(image: LaidLayers, options: { readonly shiftBy: number; readonly signal: AbortSignal }): Promise<BegunRoot>
  /** Reads, writing nothing of it anywhere, one layer to its end or to its first fault. Rejects when the bytes cannot be read. */
  lint(packed: Readable, rules: LayerRules, signal?: AbortSignal): Promise<Result<LayerFacts, LayerFault>>
}
