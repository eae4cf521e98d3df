import type { Collected, CollectOptions, PutManifestRefused } from '#lib/application/ports/images.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { Repository } from '#lib/domain/repository.ts'
import type { Result } from '#lib/domain/result.ts'
import { repositoriesOf, shelfOf } from './catalog.ts'
import type { RegistryHttp } from './http.ts'
import { deleteManifest, entriesIn, manifestOf } from './manifests.ts'

type Shop = {
  readonly http: RegistryHttp
  layBack(repository: Repository, bytes: Buffer): Promise<Result<Digest, PutManifestRefused>>
}

/**
 * Manifests that nobody wants. Their blobs stay until the registry's own collection, which is run while nothing is pushed
 * (docs/images.md), so an image can be laid back by its manifest alone.
 */
export async function collect({ http, layBack }: Shop, options: CollectOptions): Promise<Collected> {
  let manifests = 0
  for (const repository of await repositoriesOf(http)) {
    const { pushedAt } = await shelfOf(http, repository)
    for (const [digest, at] of pushedAt) {
      options.signal?.throwIfAborted()
      if (at < options.untouchedSince && (await collectOne(repository, digest))) manifests++
    }
  }
  return { manifests, blobs: 0, bytes: 0 }

  async function collectOne(repository: Repository, digest: Digest): Promise<boolean> {
    if (await options.isLive(digest)) return false
    const manifest = await manifestOf(http, repository, { digest })
    if (!manifest || !(await isUnwanted(repository, digest))) return false
    await deleteManifest(http, repository, digest)
    // A registry deletes on no condition: whoever has begun to push it since has said so first.
    if (!(await options.isLive(digest))) return true
    const back = await layBack(repository, manifest.bytes)
    if (!back.ok) throw new Error(`Cannot lay back manifest ${digest}: ${JSON.stringify(back.error)}`)
    return false
  }

  async function isUnwanted(repository: Repository, digest: Digest): Promise<boolean> {
    const { pushedAt } = await shelfOf(http, repository)
    const at = pushedAt.get(digest)
    if (!at || at >= options.untouchedSince) return false
    const entry = (await entriesIn(http, repository)).find((entry) => entry.digest === digest)
    return entry?.tags.length === 0
  }
}
