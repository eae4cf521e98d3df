import { buffer } from 'node:stream/consumers'

import type { Images } from '#lib/application/ports/images.ts'
import type { LayerFacts, Layers } from '#lib/application/ports/layers.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { imageConfigProblem } from '#lib/domain/image-config-rules.ts'
import { LAYER_LIMITS, type LayerFault, type LayerLimits } from '#lib/domain/layer-entry.ts'
import { type ImageConfig, MANIFEST_BYTES_MAX } from '#lib/domain/oci-image.ts'
import { parseImageConfig, parseManifest } from '#lib/domain/parse-image.ts'
import type { Repository } from '#lib/domain/repository.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { knownTo } from './known-layers.ts'

export type ImageFault =
  | { readonly code: 'image_missing' }
  | { readonly code: 'bad_manifest'; readonly why: string }
  | { readonly code: 'bad_config'; readonly why: string }
  | { readonly code: 'bad_layer'; readonly layer: Digest; readonly fault: LayerFault }

export type LintedImage = { readonly digest: Digest; readonly config: ImageConfig; readonly layers: readonly LayerFacts[] }

type Deps = { readonly images: Images; readonly layers: Layers }

/** Reads all of an image and says what is wrong with it, before anything runs or unpacks it. */
export async function lintImage(
  { images, layers }: Deps,
  repository: Repository,
  digest: Digest,
  { limits = LAYER_LIMITS, signal }: { readonly limits?: LayerLimits; readonly signal?: AbortSignal } = {},
): Promise<Result<LintedImage, ImageFault>> {
  const stored = await images.getManifest(repository, { digest })
  if (!stored) return err({ code: 'image_missing' })
  const manifest = parseManifest(stored.bytes)
  if (!manifest.ok) return manifest
  if (manifest.value.config.size > MANIFEST_BYTES_MAX) return err({ code: 'bad_config', why: 'it is too long' })

  const configBlob = await images.getBlob(repository, manifest.value.config.digest)
  if (!configBlob) return err({ code: 'image_missing' })
  if (configBlob.size !== manifest.value.config.size) {
    configBlob.bytes.destroy()
    return err({ code: 'bad_config', why: 'its size is not what the manifest says' })
  }
  const config = parseImageConfig(await buffer(configBlob.bytes))
  if (!config.ok) return config
  const problem = imageConfigProblem(config.value)
  if (problem) return err({ code: 'bad_config', why: problem })
  const diffIds = config.value.rootfs.diff_ids
  if (diffIds.length !== manifest.value.layers.length)
    return err({ code: 'bad_config', why: 'it has not one diff_id for each layer' })

  const known = knownTo(layers)
  const begun = known.begin(manifest.value.layers, limits)
  const { rules } = begun
  const facts: LayerFacts[] = [...begun.facts]
  for (const [n, { diffId }] of begun.facts.entries()) {
    const layer = manifest.value.layers[n]
    if (!layer || !(await images.has(repository, layer.digest))) return err({ code: 'image_missing' })
    if (diffId !== diffIds[n]) return err({ code: 'bad_config', why: `the diff_id of layer ${layer.digest} is wrong` })
  }
  for (const [n, layer] of manifest.value.layers.entries()) {
    if (n < begun.facts.length) continue
    const blob = await images.getBlob(repository, layer.digest)
    if (!blob) return err({ code: 'image_missing' })
    const linted = await layers.lint(blob.bytes, rules, signal)
    if (!linted.ok) return err({ code: 'bad_layer', layer: layer.digest, fault: linted.error })
    if (blob.size !== layer.size) return err({ code: 'bad_manifest', why: `the size of layer ${layer.digest} is wrong` })
    if (linted.value.diffId !== diffIds[n])
      return err({ code: 'bad_config', why: `the diff_id of layer ${layer.digest} is wrong` })
    facts.push(linted.value)
    known.keep(manifest.value.layers.slice(0, n + 1), limits, { facts, rules })
  }
  return ok({ digest, config: config.value, layers: facts })
}
