import { dirname, join } from 'node:path'

import { tarAgentArchives } from '#lib/adapters/tar/agent-archives.ts'
import { imageAgent } from '#lib/application/agents/image-agent.ts'
import { writeAgentsIndex } from '#lib/application/agents/list-agents.ts'
import { publishAgent, type Published, type PublishRefused } from '#lib/application/agents/publish-agent.ts'
import { agentImage, agentKey } from '#lib/domain/agent-release.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import { ok, type Result } from '#lib/domain/result.ts'
import { AGENT_PROTOCOL } from '#lib/protocol/agent-words.ts'

import type { Stores } from '#lib/stores.ts'

import { buildAgent } from '../setup/build-agent.ts'
import type { Workshop } from './workshop.ts'

type Where = Workshop & Pick<Stores, 'objects' | 'images'>
export type PublishedOwn = Published & { readonly image: Digest }

/** Makes the agent of this checkout a release, where it is none yet, and gives each release that has none its image. */
export async function publishOwnAgent(
  { artifacts, deployments, config, objects, images }: Where,
  signal: AbortSignal,
): Promise<Result<PublishedOwn, PublishRefused>> {
  const { path, version, sha256, sources, bun } = await buildAgent()
  const facts = { program: digestOfHex(sha256), protocol: AGENT_PROTOCOL, bun, sources: digestOfHex(sources) }
  const archives = tarAgentArchives(join(config.dataDir, 'build'))
  const published = await publishAgent({ artifacts, objects, archives }, { version, folder: dirname(path), facts }, signal)
  if (!published.ok) return published
  const image = await imageAgent({ artifacts, objects, images }, published.value, signal)
  for (const release of await artifacts.releases()) {
    const key = agentImage(release) ? undefined : agentKey(release.version)
    if (key && (await objects.head(key))) await imageAgent({ artifacts, objects, images }, release, signal)
  }
  await writeAgentsIndex({ artifacts, deployments, objects })
  return ok({ ...published.value, image })
}
