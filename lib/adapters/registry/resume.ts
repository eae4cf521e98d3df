import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { type Digest, digestHex } from '#lib/domain/digest.ts'
import type { Repository } from '#lib/domain/repository.ts'

/** Where interrupted uploads go on, kept over the end of a process. Losing it costs bytes sent twice, no more. */
export function unfinishedUploads(folder: string) {
  const file = (repository: Repository, digest: Digest) => join(folder, `${repository.replaceAll('/', '.')}-${digestHex(digest)}`)
  return {
    location: (repository: Repository, digest: Digest): Promise<string | undefined> =>
      readFile(file(repository, digest), 'utf8').catch(() => undefined),
    async remember(repository: Repository, digest: Digest, location: string): Promise<void> {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = file(repository, digest)
      await writeFile(`${path}.${process.pid}`, location, { mode: 0o600 })
      await rename(`${path}.${process.pid}`, path)
    },
    forget: (repository: Repository, digest: Digest): Promise<void> => rm(file(repository, digest), { force: true }),
  }
}
export type UnfinishedUploads = ReturnType<typeof unfinishedUploads>
