import { dirname, join } from 'node:path'

import { tarAgentArchives } from '#lib/adapters/tar/agent-archives.ts'
import { writeAgentsIndex } from '#lib/application/agents/list-agents.ts'
import { publishAgent } from '#lib/application/agents/publish-agent.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import { digestOfHex } from '#lib/domain/digest.ts'
import { AGENT_PROTOCOL } from '#lib/protocol/agent-words.ts'

import { buildAgent } from '../setup/build-agent.ts'
import type { Workshop } from './workshop.ts'

/** Makes the agent of this checkout a release, where it is none yet. */
export async function publishOwnAgent(
  { artifacts, deployments, config, objects }: Workshop & { readonly objects: ObjectStore },
  signal: AbortSignal,
): ReturnType<typeof publishAgent> {
  const { path, version, sha256, sources, bun } = await buildAgent()
  const facts = { program: digestOfHex(sha256), protocol: AGENT_PROTOCOL, bun, sources: digestOfHex(sources) }
  const archives = tarAgentArchives(join(config.dataDir, 'build'))
  const published = await publishAgent({ artifacts, objects, archives }, { version, folder: dirname(path), facts }, signal)
  if (published.ok) await writeAgentsIndex({ artifacts, deployments, objects })
  return published
}
