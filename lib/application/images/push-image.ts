import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'

import type { BlobSource, Images, PutBlobRefused, PutManifestRefused } from '#lib/application/ports/images.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import { type ImageConfig, type ImageManifest, MEDIA_TYPE } from '#lib/domain/oci-image.ts'
import type { Repository } from '#lib/domain/repository.ts'
import { ok, type Result } from '#lib/domain/result.ts'

/** A packed layer; `diffId` is the digest of the archive inside. */
export type Layer = BlobSource & { readonly diffId: Digest; readonly createdBy: string }

export type ImageParts = {
  readonly layers: readonly Layer[]
  readonly architecture: 'amd64' | 'arm64'
  /** Of what it is made of, not of the making: the same parts are the same image. */
  readonly created: Date
  readonly labels?: Readonly<Record<string, string>>
  readonly env?: readonly string[]
  /** Of an image that is started as it is; those of languages are not. */
  readonly run?: { readonly user: string; readonly workingDir: string; readonly entrypoint: readonly string[] }
  /** Repositories that may have some of the layers. */
  readonly alsoIn?: readonly Repository[]
  readonly signal?: AbortSignal
}
/** `sent` are the bytes of layers that were not there. */
export type PushedImage = { readonly digest: Digest; readonly size: number; readonly sent: number }

/** Blobs may be collected between their coming and the manifest's when they were there long before. */
const TRIES_MAX = 3

export async function pushImage(
  { images }: { readonly images: Images },
  repository: Repository,
  parts: ImageParts,
): Promise<Result<PushedImage, PutBlobRefused | PutManifestRefused>> {
  const config = jsonBlob(configOf(parts))
  const manifest = jsonBlob(manifestOf(parts, config))
  const options = { ...(parts.alsoIn && { alsoIn: parts.alsoIn }), ...(parts.signal && { signal: parts.signal }) }
  let sent = 0
  for (let tries = 1; ; tries++) {
    for (const blob of [...parts.layers, config]) {
      const put = await images.putBlob(repository, blob, options)
      if (!put.ok) return put
      if (blob !== config) sent += put.value.sent
    }
    const put = await images.putManifest(repository, manifest.bytes)
    const size = parts.layers.reduce((sum, layer) => sum + layer.size, config.size)
    if (put.ok) return ok({ digest: put.value, size, sent })
    if (put.error.code !== 'blob_missing' || tries === TRIES_MAX) return put
  }
}

const configOf = ({ architecture, created, env = [], labels = {}, layers, run }: ImageParts): ImageConfig => ({
  created: created.toISOString(),
  architecture,
  os: 'linux',
  config: {
    ...{ Env: [...env], WorkingDir: run?.workingDir ?? '/', Labels: sorted(labels) },
    ...(run && { User: run.user, Entrypoint: [...run.entrypoint] }),
  },
  rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
  history: layers.map(({ createdBy }) => ({ created: created.toISOString(), created_by: createdBy })),
})

const manifestOf = ({ layers }: ImageParts, config: BlobSource): ImageManifest => ({
  schemaVersion: 2,
  mediaType: MEDIA_TYPE.manifest,
  config: { mediaType: MEDIA_TYPE.config, digest: config.digest, size: config.size },
  layers: layers.map(({ digest, size }) => ({ mediaType: MEDIA_TYPE.layer, digest, size })),
})

function jsonBlob(value: ImageConfig | ImageManifest): BlobSource & { readonly bytes: Buffer } {
  const bytes = Buffer.from(JSON.stringify(value))
  const digest = digestOfHex(createHash('sha256').update(bytes).digest('hex'))
  return { digest, size: bytes.length, bytes, open: (from) => Readable.from([bytes.subarray(from)], { objectMode: false }) }
}

const sorted = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
