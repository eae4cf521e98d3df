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
type Deps = { readonly images: Images; readonly layers: Pick<Layers, 'keep' | 'pack'> }
type Parts = {
  readonly program: () => Promise<BlobSource>
  /** What the program is called in the root. */
  readonly name: string
  /** What languages have from npm on this machine. */
  readonly toolsPath: string
}
/** Of the base, with the tools or without. */
export type RunnerImages = (base: Base, withTools: boolean, signal: AbortSignal) => Promise<Base>

/** Of a tag: together with the other half no two meet. */
const HEX_KEPT = 20
const MADE_AT = new Date(0)
/** Where a recipe's tools are in the root; the runner leads to it from where recipes look. */
export const TOOLS_FOLDER = 'dragoman-tools'
/** Node, npm, and which versions of packages are meant: what recipes use of it. */
const TOOLS = ['bin/node', 'node_modules/npm', 'package.json', 'package-lock.json']

/**
 * For a base its image with the runner on top, made once for each of both and found by its tag from then on. So a build's
 * pod needs no path of its node, and the node pulls both as it pulls any image.
 */
export function runnerImages({ images, layers }: Deps, { program, name, toolsPath }: Parts): RunnerImages {
  const made = new Map<string, Promise<Base>>()

  async function make(base: Base, withTools: boolean, signal: AbortSignal): Promise<Base> {
    const source = await program()
    await using packed = new AsyncDisposableStack()
    const kept = (layer: PackedLayer, createdBy: string) => (packed.defer(layer.remove), { ...layer, createdBy })
    const only = { names: TOOLS, below: TOOLS_FOLDER }
    const tools = withTools ? [kept(await layers.pack(toolsPath, { newest: MADE_AT, signal, only }), 'tools')] : []

    const where = repository('runner')
    const called = tag([source, base, ...tools].map(({ digest }) => digestHex(digest).slice(0, HEX_KEPT)).join('-'))
    if (!where.ok || !called.ok) throw new Error(`Cannot name the image of a runner on ${base.digest}`)
    const there = await images.getManifest(where.value, { tag: called.value })
    if (there) return { repository: where.value, digest: there.digest }

    const stored = await storedImage(images, base.repository, base.digest)
    if (!stored) throw new Error(`Cannot put a runner on ${base.digest}: it is not there`)
    const pushed = await pushImage({ images }, where.value, {
      layers: [...stored.layers, kept(await layers.keep(archiveOf(source, name), signal), 'runner'), ...tools],
      architecture: stored.config.architecture === 'arm64' ? 'arm64' : 'amd64',
      created: MADE_AT,
      alsoIn: [base.repository],
      signal,
    })
    if (!pushed.ok) throw new Error(`Cannot put a runner on ${base.digest}: ${pushed.error.code}`)
    await images.tag(where.value, called.value, pushed.value.digest)
    return { repository: where.value, digest: pushed.value.digest }
  }

  return (base, withTools, signal) => {
    const key = `${base.digest} ${withTools}`
    const before = made.get(key)
    if (before) return before
    const making = make(base, withTools, signal)
    made.set(key, making)
    making.catch(() => made.delete(key)) // the next tries again
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
