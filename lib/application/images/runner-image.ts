import { Readable } from 'node:stream'

import type { BlobSource, Images } from '#lib/application/ports/images.ts'
import type { Layers, PackedLayer } from '#lib/application/ports/layers.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { digestHex } from '#lib/domain/digest.ts'
import { repository, type Repository, tag } from '#lib/domain/repository.ts'
import { tarEnd, tarHead, tarPadding } from '#lib/domain/tar-entry.ts'
import { pushImage } from './push-image.ts'
import { storedImage } from './stored-layers.ts'

type Base = { readonly repository: Repository; readonly digest: Digest }
type Deps = { readonly images: Images; readonly layers: Pick<Layers, 'keep'> }

/** Of a tag: together with the other half no two meet. */
const HEX_KEPT = 20
const MADE_AT = new Date(0)

/**
 * For a base its image with the runner on top, made once for each of both and found by its tag from then on. So a build's
 * pod needs no path of its node, and the node pulls both as it pulls any image.
 */
export function runnerImages({ images, layers }: Deps, program: () => Promise<BlobSource>, name: string) {
  const made = new Map<Digest, Promise<Base>>()

  async function make(base: Base, signal: AbortSignal): Promise<Base> {
    const source = await program()
    const where = repository('runner')
    const short = (digest: Digest) => digestHex(digest).slice(0, HEX_KEPT)
    const called = tag(`${short(source.digest)}-${short(base.digest)}`)
    if (!where.ok || !called.ok) throw new Error(`Cannot name the image of a runner on ${base.digest}`)
    const there = await images.getManifest(where.value, { tag: called.value })
    if (there) return { repository: where.value, digest: there.digest }

    const stored = await storedImage(images, base.repository, base.digest)
    if (!stored) throw new Error(`Cannot put a runner on ${base.digest}: it is not there`)
    const packed: PackedLayer = await layers.keep(archiveOf(source, name), signal)
    try {
      const pushed = await pushImage({ images }, where.value, {
        layers: [...stored.layers, { ...packed, createdBy: 'runner' }],
        architecture: stored.config.architecture === 'arm64' ? 'arm64' : 'amd64',
        created: MADE_AT,
        alsoIn: [base.repository],
        signal,
      })
      if (!pushed.ok) throw new Error(`Cannot put a runner on ${base.digest}: ${pushed.error.code}`)
      await images.tag(where.value, called.value, pushed.value.digest)
      return { repository: where.value, digest: pushed.value.digest }
    } finally {
      await packed.remove()
    }
  }

  return (base: Base, signal: AbortSignal): Promise<Base> => {
    const before = made.get(base.digest)
    if (before) return before
    const making = make(base, signal)
    made.set(base.digest, making)
    making.catch(() => made.delete(base.digest)) // the next tries again
    return making
  }
}

async function* archiveOf(source: BlobSource, name: string): AsyncGenerator<Uint8Array> {
  const { size } = source
  const dates = { modifiedSeconds: 0, newestSeconds: 0 }
  const head = tarHead({ kind: 'file', path: name, mode: 0o755, uid: 0, gid: 0, size, target: '', ...dates })
  yield head
  yield* source.open(0) as Readable as AsyncIterable<Buffer>
  const padding = tarPadding(size)
  yield padding
  yield tarEnd(head.length + size + padding.length)
}
