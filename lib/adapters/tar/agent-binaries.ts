import { randomUUID } from 'node:crypto'
import { open, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { AgentArchives } from '#lib/application/ports/agent-archives.ts'
import type { AgentBinaries } from '#lib/application/ports/agent-binaries.ts'
import type { Artifacts } from '#lib/application/ports/artifacts.ts'
import { verified } from '#lib/application/ports/checked-bytes.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import { AGENT_FILE, agentKey } from '#lib/domain/agent-release.ts'

/** An unfinished one that is older was left by a process that died. */
const UNFINISHED_MS_MAX = 60 * 60_000

type World = {
  readonly artifacts: Pick<Artifacts, 'releases'>
  readonly objects: Pick<ObjectStore, 'get'>
  readonly archives: Pick<AgentArchives, 'unpack'>
  /** Where a version's folder is made. */
  readonly folder: string
  /** The checkout's own, which needs no release. */
  readonly own: { readonly version: string; readonly path: string }
}

/** Releases from the object store, each fetched once; a version's folder is there whole or not at all. */
export function releasedAgents({ artifacts, objects, archives, folder, own }: World): AgentBinaries {
  const asks = new Map<string, Promise<string | undefined>>()

  return {
    path(version) {
      if (version === own.version) return Promise.resolve(own.path)
      const asked = asks.get(version)
      if (asked) return asked
      const ask = find(version).finally(() => asks.delete(version))
      asks.set(version, ask)
      return ask
    },
  }

  async function find(version: string): Promise<string | undefined> {
    const key = agentKey(version)
    if (!key) return undefined
    const path = join(folder, version, AGENT_FILE)
    if (await isThere(path)) return path
    const [release] = await artifacts.releases(version)
    if (!release) return undefined
    const stored = await objects.get(key)
    if (!stored) throw new Error(`Cannot fetch agent ${version}: "${key}" is not in the object store`)
    await removeUnfinished()
    const unfinished = join(folder, `.${version}.${randomUUID()}`)
    try {
      await mkdir(unfinished, { recursive: true })
      const unpacked = await archives.unpack(verified(stored.bytes, release, `agent ${version}`), unfinished)
      if (!unpacked.ok) throw new Error(`Cannot unpack agent ${version}: ${unpacked.error.why}`)
      await sync(unfinished)
      await rename(unfinished, join(folder, version)).catch(async (error: unknown) => {
        if (!(await isThere(path))) throw error // else another process was as quick
      })
      await sync(folder)
      return path
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  }

  async function removeUnfinished(): Promise<void> {
    const names = await readdir(folder).catch(() => [])
    for (const name of names.filter((name) => name.startsWith('.'))) {
      const found = await stat(join(folder, name)).catch(() => undefined)
      if (found && Date.now() - found.mtimeMs > UNFINISHED_MS_MAX) await rm(join(folder, name), { recursive: true, force: true })
    }
  }
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** A name is on the disk when its folder is. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
