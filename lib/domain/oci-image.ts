import { z } from 'zod'

import { digest, type Digest } from './digest.ts'

export const MEDIA_TYPE = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const

/** Registries refuse larger ones. */
export const MANIFEST_BYTES_MAX = 4 * 1024 * 1024
const LAYERS_MAX = 64
const TEXT_MAX = 10_000

const digestText = z.string().transform((text, context): Digest => {
  const parsed = digest(text)
  if (parsed.ok) return parsed.value
  context.addIssue({ code: 'custom', message: 'is no sha256 digest' })
  return z.NEVER
})
const annotations = z.record(z.string().max(200), z.string().max(TEXT_MAX)).optional()

const descriptor = <const Type extends string>(mediaType: Type) =>
  z.object({ mediaType: z.literal(mediaType), digest: digestText, size: z.int().min(0), annotations })

/** Only what we write ourselves: no list of platforms, no foreign layers, no other compression. */
export const imageManifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MEDIA_TYPE.manifest),
  config: descriptor(MEDIA_TYPE.config),
  layers: z.array(descriptor(MEDIA_TYPE.layer)).min(1).max(LAYERS_MAX),
  annotations,
})
export type ImageManifest = z.infer<typeof imageManifest>

/** What a running container gets from its image. Ours come from the language's config; an image may say them, and is checked. */
export const imageConfig = z.object({
  created: z.iso.datetime().optional(),
  architecture: z.string().max(32),
  os: z.literal('linux'),
  config: z
    .object({
      Env: z.array(z.string().max(TEXT_MAX)).max(64).optional(),
      WorkingDir: z.string().max(1000).optional(),
      User: z.string().max(100).optional(),
      Entrypoint: z.array(z.string().max(TEXT_MAX)).max(64).optional(),
      Labels: annotations,
    })
    .optional(),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(digestText).min(1).max(LAYERS_MAX) }),
  history: z
    .array(z.object({ created: z.iso.datetime().optional(), created_by: z.string().max(TEXT_MAX).optional() }))
    .optional(),
})
export type ImageConfig = z.infer<typeof imageConfig>

/** All blobs without which the image is none. */
export const blobsOf = (manifest: ImageManifest): readonly Digest[] => [
  manifest.config.digest,
  ...manifest.layers.map((layer) => layer.digest),
]
