import { randomBytes } from 'node:crypto'

import type { V1Pod } from '@kubernetes/client-node'

import { memoryLog, memoryMetrics } from '#lib/adapters/memory/log.ts'
import { runTasks } from '#lib/adapters/oci-runtime/agent-tasks.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import type { Sandbox, Sandboxes, SandboxNeeds } from '#lib/application/ports/sandboxes.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { Foundation } from '#lib/domain/foundation.ts'
import { sandboxId, type LangId, type SandboxId } from '#lib/domain/ids.ts'
import { DEFAULT_LIMITS, type Limits } from '#lib/domain/limits.ts'

import { kubeconfigPath, kubectl, kubectlJson } from '../../../../k8s/test-cluster/kubectl.ts'
import { ownNamespace } from '../../../../k8s/test-cluster/own-namespace.ts'
import { testWorld } from '../../../../k8s/test-cluster/world.ts'
import { kubernetesApi } from '../api.ts'
import { openCluster } from '../cluster.ts'
import { selectorOf } from '../pod-names.ts'
import { podSandboxes, type PodOptions } from '../sandboxes.ts'

/** A namespace of its own on the real cluster, and servers that start sandboxes there. */
export type PodWorld = {
  readonly namespace: string
  readonly options: PodOptions
  readonly python: Foundation
  readonly metrics: ReturnType<typeof memoryMetrics>
  open(over?: Partial<PodOptions>): Promise<Sandboxes>
  start(sandboxes: Sandboxes, over?: PartialNeeds, id?: SandboxId): Promise<Sandbox>
  /** What a command in the sandbox prints. */
  run(sandbox: Sandbox, command: string): Promise<string>
  /** As the cluster has it now. */
  pod(id: SandboxId): Promise<V1Pod>
  /** Names of all sandboxes that the cluster has. */
  pods(): Promise<string[]>
  clear(): Promise<void>
  end(): Promise<void>
}

type PartialNeeds = Partial<Omit<SandboxNeeds, 'limits'>> & { readonly limits?: Partial<Limits> }

export async function podWorld(): Promise<PodWorld> {
  const { registryUrl, agentCache, agentVersion, images } = testWorld()
  const { name: namespace, end } = await ownNamespace('pods')
  const metrics = memoryMetrics()
  const api = kubernetesApi(await openCluster(kubeconfigPath()), { clock: systemClock, metrics })
  const python = { lang: 'python' as LangId, image: images.python as Digest, agent: agentVersion }
  const options: PodOptions = {
    ...{ api, clock: systemClock, metrics, log: memoryLog(), sandboxesMax: 20 },
    house: { namespace, registry: new URL(registryUrl).host, agent: { nodeFolder: agentCache } },
    facts: { userNamespaces: false, priorityClasses: false },
  }
  return {
    ...{ namespace, options, python, metrics, end },
    open: (over) => podSandboxes({ ...options, ...over }),
    async start(sandboxes, { limits, ...over } = {}, id = newId()) {
      const needs = { foundation: python, ...over, limits: { ...DEFAULT_LIMITS, ...limits } }
      const started = await sandboxes.start(id, needs, AbortSignal.timeout(START_MS_MAX))
      if (!started.ok) throw new Error(JSON.stringify(started.error))
      return started.value
    },
    async run(sandbox, command) {
      const { outcomes } = await runTasks(sandbox, [command], AbortSignal.timeout(RUN_MS_MAX))
      return outcomes[0]?.output.trim() ?? ''
    },
    pod: (id) => kubectlJson(['get', 'pod', id, '-n', namespace]),
    async pods() {
      const names = await kubectl(['get', 'pods', '-n', namespace, '-l', selectorOf('session'), '-o', 'name'])
      return names.split('\n').flatMap((name) => name.replace('pod/', '') || [])
    },
    async clear() {
      await kubectl(['delete', 'pods', '--all', '-n', namespace, '--grace-period=0', '--force'])
    },
  }
}

/** A busy machine starts pods slowly. */
const START_MS_MAX = 40_000
const RUN_MS_MAX = 20_000

export function newId(): SandboxId {
  const id = sandboxId(`sb${randomBytes(10).toString('hex')}`)
  if (!id) throw new Error('Cannot name a sandbox')
  return id
}
