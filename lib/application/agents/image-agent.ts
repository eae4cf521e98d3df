import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

import type { Artifacts } from '#lib/application/ports/artifacts.ts'
import { tally } from '#lib/application/ports/checked-bytes.ts'
import type { BlobSource, Images } from '#lib/application/ports/images.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import { agentImage, agentKey, agentRepository, agentTag, type AgentRelease } from '#lib/domain/agent-release.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { blobsOf } from '#lib/domain/oci-image.ts'
import { parseManifest } from '#lib/domain/parse-image.ts'

import { pushImage } from '../images/push-image.ts'

export type ImageAgentWorld = {
  readonly artifacts: Pick<Artifacts, 'learn'>
  readonly objects: Pick<ObjectStore, 'get'>
  readonly images: Images
}

/** The same release is the same image, whenever it was made. */
const MADE_AT = new Date(0)

/**
 * A release as an image, by which nodes of a cluster fetch it as they fetch any: its tarball is the one layer. Known by digest
 * among the release's facts from when it is whole in the store; asked for again it is made only if it was lost.
 */
export async function imageAgent(world: ImageAgentWorld, release: AgentRelease, signal: AbortSignal): Promise<Digest> {
  const known = agentImage(release)
  if (known && (await isWhole(world.images, known))) return known

  const source = tarballOf(world, release)
  const pushed = await pushImage(world, agentRepository, {
    layers: [{ ...source, diffId: await archiveDigest(source, signal), createdBy: `agent ${release.version}` }],
    architecture: /aarch64|arm64/.test(String(release.facts['bun'])) ? 'arm64' : 'amd64',
    created: MADE_AT,
    labels: { 'dragoman.agent': release.version },
    signal,
  })
  if (!pushed.ok) throw new Error(`Cannot make an image of agent ${release.version}: ${pushed.error.code}`)
  const { digest } = pushed.value
  await world.images.tag(agentRepository, agentTag(release.version), digest) // what has a tag is not collected
  await world.artifacts.learn(release.digest, { image: digest })
  return digest
}

async function isWhole(images: Images, image: Digest): Promise<boolean> {
  const stored = await images.getManifest(agentRepository, { digest: image })
  const manifest = stored && parseManifest(stored.bytes)
  if (!manifest?.ok) return false
  for (const blob of blobsOf(manifest.value)) if (!(await images.has(agentRepository, blob))) return false
  return true
}

/** As it lies in the object store, which checks what it gives. */
function tarballOf({ objects }: ImageAgentWorld, { version, digest, size }: AgentRelease): BlobSource {
  const key = agentKey(version)
  async function* bytes(from: number): AsyncGenerator<Uint8Array> {
    const stored = key && (await objects.get(key, from === 0 ? undefined : { from }))
    if (!stored) throw new Error(`Cannot make an image of agent ${version}: its tarball is not in the object store`)
    yield* stored.bytes as AsyncIterable<Uint8Array>
  }
  function open(from: number): Readable {
    const out = new PassThrough()
    pipeline(bytes(from), out).catch((error: Error) => out.destroy(error))
    return out
  }
  return { digest, size, open }
}

/** Of the archive inside, which an image's config names. */
async function archiveDigest(source: BlobSource, signal: AbortSignal): Promise<Digest> {
  const seen = tally()
  const taken = async (archive: AsyncIterable<Buffer>) => {
    for await (const chunk of archive) seen.take(chunk)
  }
  await pipeline(source.open(0), createGunzip(), taken, { signal })
  return seen.digest()
}
