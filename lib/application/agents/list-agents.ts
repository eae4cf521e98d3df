import { Readable } from 'node:stream'

import type { Artifacts } from '#lib/application/ports/artifacts.ts'
import type { Deployments } from '#lib/application/ports/deployments.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import type { AgentRelease } from '#lib/domain/agent-release.ts'
import type { LangId } from '#lib/domain/ids.ts'
import { type ObjectKey, objectKey } from '#lib/domain/object-key.ts'

export type AgentsWorld = { readonly artifacts: Pick<Artifacts, 'releases'>; readonly deployments: Pick<Deployments, 'status'> }

export type ListedAgent = Omit<AgentRelease, 'facts'> & {
  /** Which words it speaks; undefined when its maker did not say. */
  readonly protocol: number | undefined
  /** Those that are live with it. */
  readonly languages: readonly LangId[]
}

/** The releases, the newest first. */
export async function listAgents({ artifacts, deployments }: AgentsWorld): Promise<readonly ListedAgent[]> {
  const [releases, languages] = await Promise.all([artifacts.releases(), deployments.status()])
  return releases.map(({ facts, ...release }) => {
    const { protocol } = facts
    const users = languages.filter(({ live }) => live?.combination.agent === release.version)
    return { ...release, protocol: typeof protocol === 'number' ? protocol : undefined, languages: users.map(({ lang }) => lang) }
  })
}

/** Where the list lies. */
export const AGENTS_INDEX: ObjectKey = indexKey()

/**
 * Writes the list beside the tarballs, for who has the store and not the records. It is made of the rows each time and nothing
 * of ours reads it.
 */
export async function writeAgentsIndex(world: AgentsWorld & { readonly objects: Pick<ObjectStore, 'put'> }): Promise<void> {
  const text = `${JSON.stringify({ releases: await listAgents(world) }, null, 2)}\n`
  const stored = await world.objects.put(AGENTS_INDEX, Readable.from([Buffer.from(text)]))
  if (!stored.ok) throw new Error(`Cannot write the list of agents: ${stored.error.code}`)
}

function indexKey(): ObjectKey {
  const key = objectKey('agents/agents.json')
  if (!key.ok) throw new Error(`Cannot keep a list as "${key.error.key}"`)
  return key.value
}
