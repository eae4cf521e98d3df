import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Foundation } from '#lib/domain/foundation.ts'
import { sandboxId, type SandboxId } from '#lib/domain/ids.ts'

import type { Group } from './cgroups.ts'
import type { ProcessId } from './processes.ts'

/**
 * What is on disk of one sandbox, in a folder of its own that only we enter: enough to find it again, or to clear it away,
 * in a later process. `init` is there once it has started.
 */
export type Saved = {
  readonly id: SandboxId
  /** Which pair of host ids it has. */
  readonly place: number
  readonly keySha256: string
  readonly group: Group
  /** While it lives, the folder of its image stays. */
  readonly foundation?: Foundation
  readonly init?: ProcessId
}

export type SavedSandboxes = {
  folderOf(id: SandboxId): string
  write(saved: Saved): Promise<void>
  read(id: SandboxId): Promise<Saved | undefined>
  ids(): Promise<SandboxId[]>
  remove(id: SandboxId): Promise<void>
}

const NAME = 'sandbox.json'

export async function savedSandboxes(folder: string): Promise<SavedSandboxes> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const folderOf = (id: SandboxId) => join(folder, id)
  return {
    folderOf,
    async write(saved) {
      await mkdir(folderOf(saved.id), { recursive: true, mode: 0o700 })
      const fresh = join(folderOf(saved.id), `${NAME}.new`)
      await writeFile(fresh, JSON.stringify(saved))
      await rename(fresh, join(folderOf(saved.id), NAME))
    },
    async read(id) {
      try {
        return JSON.parse(await readFile(join(folderOf(id), NAME), 'utf8')) as Saved // written by us, put in place whole
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async ids() {
      return (await readdir(folder)).flatMap((name) => sandboxId(name) ?? [])
    },
    remove: (id) => rm(folderOf(id), { recursive: true, force: true }),
  }
}
