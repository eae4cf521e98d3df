import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

import { kubernetesApi } from '#lib/adapters/kubernetes/api.ts'
import { apiServerAddresses, openCluster } from '#lib/adapters/kubernetes/cluster.ts'
import { podSandboxes } from '#lib/adapters/kubernetes/sandboxes.ts'
import { systemClock, systemRandom } from '#lib/adapters/system/time.ts'
import { openSession } from '#lib/application/sessions/open-session.ts'
import { outputShare } from '#lib/application/sessions/output-share.ts'
import { python, world as memoryWorld } from '#lib/application/testing/world.ts'
import { digest } from '#lib/domain/digest.ts'
import { langId, type LangId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'

import { TOP } from '../../../cli/setup/stamps.ts'
import { apply, kubeconfigPath } from '../../../k8s/test-cluster/kubectl.ts'
import { ownNamespace } from '../../../k8s/test-cluster/own-namespace.ts'
import { REGISTRY } from '../../../k8s/test-cluster/places.ts'
import { testWorld } from '../../../k8s/test-cluster/world.ts'
import { podActor, type PodActor } from './pod-actor.ts'

const OPEN_MS_MAX = 60_000
const POLICIES = join(TOP, 'k8s/base/network-sandboxes.yaml')

export type PodStage = {
  /** A shell in a pod of its own, under the policies that are installed with a server. */
  open(): Promise<PodActor>
  /** `ip:port` of the API server. */
  readonly apiServer: readonly string[]
  close(): Promise<void>
}

/** What a server needs to give visitors pods, without the server. */
export async function openPodStage(): Promise<PodStage> {
  const cluster = await openCluster(kubeconfigPath())
  const apiServer = await apiServerAddresses(cluster)
  const namespace = await ownNamespace('agent-hostile')
  for (const document of parseAllDocuments(readFileSync(POLICIES, 'utf8'))) {
    const policy = document.toJS() as { metadata: object }
    await apply({ ...policy, metadata: { ...policy.metadata, namespace: namespace.name } })
  }
  const { deps } = memoryWorld()
  const { agentCache, agentVersion, images } = testWorld()
  const sandboxes = await podSandboxes({
    ...{ ...deps, clock: systemClock, sandboxesMax: 20, canary: apiServer },
    api: kubernetesApi(cluster, { clock: systemClock, metrics: deps.metrics }),
    house: { namespace: namespace.name, registry: REGISTRY, agent: { nodeFolder: agentCache } },
    facts: { userNamespaces: false, priorityClasses: false },
  })
  const share = outputShare(systemClock, 24_000_000)
  const pool = { take: async () => undefined }
  let address = ''
  const start: typeof sandboxes.start = async (...asked) => {
    const started = await sandboxes.start(...asked)
    if (started.ok) address = started.value.address ?? ''
    return started
  }
  const world = { ...deps, sandboxes: { ...sandboxes, start }, pool, share, clock: systemClock, random: systemRandom }
  const image = digest(images.python)
  if (!image.ok) throw new Error(`"${images.python}" is no digest`)
  const language: Language = {
    ...{ ...python, id: langId('python') as LangId, main: 'main.sh', run: 'bash main.sh', repl: 'bash --norc', needs: [] },
    foundation: { lang: python.id, image: image.value, agent: agentVersion },
  }
  return {
    apiServer,
    async open() {
      const ask = { language, address: '192.0.2.1', size: terminalSize(80, 24), phase() {} }
      const opened = await openSession(world, { ...ask, signal: AbortSignal.timeout(OPEN_MS_MAX) })
      if (!opened.ok) throw new Error(`Not opened: ${opened.error.code}; ${JSON.stringify(deps.log.events.slice(-3))}`)
      return podActor(opened.value.session, address)
    },
    async close() {
      await deps.registry.endAll('lost')
      await sandboxes.close()
      await namespace.end()
    },
  }
}
