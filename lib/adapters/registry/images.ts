import type { ImageEntry, Images } from '#lib/application/ports/images.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import { blobsOf } from '#lib/domain/oci-image.ts'
import { parseManifest } from '#lib/domain/parse-image.ts'
import type { Repository } from '#lib/domain/repository.ts'
import { err, ok } from '#lib/domain/result.ts'
import { pushedTag, repositoriesOf } from './catalog.ts'
import { collect } from './collect.ts'
import { registryHttp, type RegistryOptions } from './http.ts'
import { deleteManifest, digestOf, entriesIn, manifestOf, storeManifest } from './manifests.ts'
import { readBlob } from './read-blob.ts'
import { unfinishedUploads } from './resume.ts'
import { hasBlob, pushBlob } from './upload.ts'

export type RegistryImagesOptions = RegistryOptions & {
  /** Folder where it is kept how far uploads came. */
  readonly resumeDir: string
  readonly clock: Pick<Clock, 'today'>
}

/** Images in a registry that speaks the OCI distribution protocol, deleting manifests included. */
export function registryImages(options: RegistryImagesOptions): Images {
  const http = registryHttp(options)
  const uploads = { http, unfinished: unfinishedUploads(options.resumeDir) }

  async function putManifest(repository: Repository, bytes: Buffer) {
    const manifest = parseManifest(bytes)
    if (!manifest.ok) return manifest
    for (const blob of blobsOf(manifest.value)) {
      if (!(await hasBlob(http, repository, blob))) return err({ code: 'blob_missing' as const, digest: blob })
    }
    const digest = digestOf(bytes)
    await storeManifest(http, repository, pushedTag(digest, options.clock.today()), bytes)
    return ok(digest)
  }

  return {
    has: (repository, blob) => hasBlob(http, repository, blob),
    putBlob: (repository, source, { alsoIn, signal } = {}) =>
      pushBlob(uploads, repository, source, { ...(alsoIn && { alsoIn }), ...(signal && { signal }) }),

    getBlob: (repository, digest) => readBlob(http, repository, digest),

    putManifest,
    getManifest: (repository, which) => manifestOf(http, repository, which),

    async tag(repository, tag, digest) {
      const found = await manifestOf(http, repository, { digest })
      if (found) await storeManifest(http, repository, tag, found.bytes)
      return found !== undefined
    },

    async list() {
      const entries: ImageEntry[] = []
      for (const repository of await repositoriesOf(http)) entries.push(...(await entriesIn(http, repository)))
      return entries
    },

    delete: (repository, digest) => deleteManifest(http, repository, digest),
    collect: (how) => collect({ http, layBack: putManifest }, how),
  }
}
