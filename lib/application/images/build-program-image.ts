import type { Images, PutBlobRefused, PutManifestRefused } from '#lib/application/ports/images.ts'
import type { Layers } from '#lib/application/ports/layers.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { Repository, Tag } from '#lib/domain/repository.ts'
import type { Result } from '#lib/domain/result.ts'
import { type ImageFault, lintImage } from './lint-image.ts'
import { type ImageParts, pushImage, type PushedImage } from './push-image.ts'
import { storedImage } from './stored-layers.ts'

export type BuildProgramImage = {
  readonly base: { readonly repository: Repository; readonly digest: Digest }
  readonly to: Repository
  readonly tag: Tag
  /** Whose contents lie at the top of the image; each is a layer. */
  readonly folders: readonly { readonly folder: string; readonly createdBy: string }[]
  readonly run: NonNullable<ImageParts['run']>
  readonly env: readonly string[]
  readonly signal: AbortSignal
}
export type BuildProgramImageRefused = { readonly code: 'base_missing' } | PutBlobRefused | PutManifestRefused | ImageFault

/** Files are all as old as the base is: when somebody checked them out, or copied them, says nothing. */
const SAME_EACH_TIME = new Date(0)

/** A program of ours on a base: the same folders are the same image. It is tagged only when it is a good one. */
export async function buildProgramImage(
  deps: { readonly images: Images; readonly layers: Layers },
  { base, to, tag, folders, run, env, signal }: BuildProgramImage,
): Promise<Result<PushedImage, BuildProgramImageRefused>> {
  const stored = await storedImage(deps.images, base.repository, base.digest)
  if (!stored) return { ok: false, error: { code: 'base_missing' } }

  await using packed = new AsyncDisposableStack()
  const layers = []
  for (const { folder, createdBy } of folders) {
    const layer = await deps.layers.pack(folder, { newest: SAME_EACH_TIME, signal })
    packed.defer(layer.remove)
    layers.push({ ...layer, createdBy })
  }
  const pushed = await pushImage(deps, to, {
    layers: [...stored.layers, ...layers],
    architecture: stored.config.architecture === 'arm64' ? 'arm64' : 'amd64',
    created: new Date(stored.config.created ?? 0),
    labels: { ...stored.config.config?.Labels, 'dragoman.base': base.digest },
    ...{ env, run, signal },
    alsoIn: [base.repository],
  })
  if (!pushed.ok) return pushed
  const linted = await lintImage(deps, to, pushed.value.digest, { signal })
  if (!linted.ok) return linted
  await deps.images.tag(to, tag, pushed.value.digest)
  return pushed
}
