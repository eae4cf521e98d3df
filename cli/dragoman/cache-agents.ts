import { copyFile, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'

import { tarAgentArchives } from '#lib/adapters/tar/agent-archives.ts'
import { releasedAgents } from '#lib/adapters/tar/agent-binaries.ts'
import { AGENTS_INDEX } from '#lib/application/agents/list-agents.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { AGENT_FILE, type AgentRelease } from '#lib/domain/agent-release.ts'
import { digest } from '#lib/domain/digest.ts'
import { openStores } from '#lib/stores.ts'

import { buildAgent } from '../setup/build-agent.ts'
import { note, result, visibleLine } from './print.ts'
import { workshopConfig } from './workshop.ts'

/** A release counts on a node from when it is here; a language moves to it in minutes at the earliest, by its tests. */
const LOOK_MS = 30_000
/** In the folder, once the first look is done. */
const READY = '.ready'

type Own = { readonly version: string; readonly path: string }

/**
 * Brings releases of the agent to a folder, `<version>/dragoman-agent`: the checkout's own, and with a bucket every other that
 * its list names. What is there already is left as it is.
 */
export async function cacheAgents(folder: string, watch: boolean, signal: AbortSignal): Promise<number> {
  const config = workshopConfig()
  const stores = await openStores(config, systemClock)
  const objects = config.s3Bucket ? stores.objects : undefined
  try {
    for (;;) {
      const failed = await bringAgents(folder, await buildAgent(), objects, join(config.dataDir, 'build')).catch(
        (error: unknown) => error,
      )
      if (failed === undefined) await writeFile(join(folder, READY), '')
      else note(`dragoman: agents: ${visibleLine(failed instanceof Error ? failed.message : String(failed))}`)
      if (!watch) return failed === undefined ? 0 : 1
      await setTimeout(LOOK_MS, undefined, { signal })
    }
  } finally {
    stores.close()
  }
}

/** Settles when all are there; rejects at the first that cannot be brought. */
export async function bringAgents(
  folder: string,
  own: Own,
  objects: Pick<ObjectStore, 'get'> | undefined,
  workDir: string,
): Promise<undefined> {
  await mkdir(folder, { recursive: true })
  await copyOwn(folder, own)
  if (!objects) return
  const releases = await releasesIn(objects)
  const agents = releasedAgents({
    ...{ objects, folder, own: { version: own.version, path: join(folder, own.version, AGENT_FILE) } },
    artifacts: { releases: async (version) => releases.filter((release) => release.version === version) },
    archives: tarAgentArchives(workDir),
  })
  for (const { version } of releases) await agents.path(version)
}

/** Under another name first, so that a version's folder is there whole or not at all. */
async function copyOwn(folder: string, { version, path }: Own): Promise<void> {
  const there = join(folder, version)
  if (await isThere(join(there, AGENT_FILE))) return
  const unfinished = join(folder, `.${version}.own`)
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished)
  await copyFile(path, join(unfinished, AGENT_FILE))
  await synced(join(unfinished, AGENT_FILE))
  await rename(unfinished, there)
  result(`agent ${version}`)
}

async function synced(path: string): Promise<void> {
  await using file = await open(path, 'r')
  await file.sync()
}

const INDEX = z.object({
  releases: z.array(z.object({ version: z.string(), digest: z.string(), size: z.int().min(0), madeAt: z.iso.datetime() })),
})

/** As the list beside the tarballs says them; none when nobody has released any. */
async function releasesIn(objects: Pick<ObjectStore, 'get'>): Promise<readonly AgentRelease[]> {
  const stored = await objects.get(AGENTS_INDEX)
  if (!stored) return []
  const { releases } = INDEX.parse(JSON.parse((await buffer(stored.bytes)).toString('utf8')))
  return releases.flatMap((release) => {
    const parsed = digest(release.digest)
    return parsed.ok ? [{ ...release, digest: parsed.value, facts: {}, madeAt: new Date(release.madeAt) }] : []
  })
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
