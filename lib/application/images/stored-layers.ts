import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { buffer } from 'node:stream/consumers'

import type { Images } from '#lib/application/ports/images.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { ImageConfig } from '#lib/domain/oci-image.ts'
import { parseImageConfig, parseManifest } from '#lib/domain/parse-image.ts'
import type { Repository } from '#lib/domain/repository.ts'
import type { Layer } from './push-image.ts'

export type StoredImage = { readonly config: ImageConfig; readonly layers: readonly (Layer & { read(): Promise<Readable> })[] }

/** What an image that is there consists of, to unpack it or to put more on top; undefined when a part is missing or bad. */
export async function storedImage(images: Images, repository: Repository, digest: Digest): Promise<StoredImage | undefined> {
  const stored = await images.getManifest(repository, { digest })
  const manifest = stored && parseManifest(stored.bytes)
  const blob = manifest?.ok ? await images.getBlob(repository, manifest.value.config.digest) : undefined
  const config = blob && parseImageConfig(await buffer(blob.bytes))
  if (!manifest?.ok || !config?.ok) return undefined

  const layers = manifest.value.layers.flatMap(({ digest, size }, n) => {
    const diffId = config.value.rootfs.diff_ids[n]
    const read = () => blobOf(images, repository, digest)
    const createdBy = config.value.history?.[n]?.created_by ?? ''
    return diffId ? [{ digest, size, diffId, createdBy, read, open: (from: number) => later(read, from) }] : []
  })
  return { config: config.value, layers }
}

async function blobOf(images: Images, repository: Repository, digest: Digest): Promise<Readable> {
  const found = await images.getBlob(repository, digest)
  if (!found) throw new Error(`Cannot read blob ${digest} of ${repository}: it is not there`)
  return found.bytes
}

/** A stream of what has to be asked for first, from an offset. */
function later(read: () => Promise<Readable>, from: number): Readable {
  const out = new PassThrough()
  const rest = async function* () {
    let skip = from
    for await (const chunk of (await read()) as AsyncIterable<Buffer>) {
      if (skip < chunk.length) yield chunk.subarray(skip)
      skip = Math.max(0, skip - chunk.length)
    }
  }
  pipeline(rest, out).catch((error: Error) => out.destroy(error))
  return out
}
