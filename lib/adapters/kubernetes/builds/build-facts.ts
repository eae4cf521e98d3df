import type { V1Pod } from '@kubernetes/client-node'

import { ApiRefused, type KubernetesApi } from '../api.ts'
import type { FactsWanted } from '../cluster-facts.ts'
import { type BuildHouse, buildPodSpec } from './build-pod-spec.ts'

type Facts = Pick<BuildHouse, 'userNamespaces' | 'priorityClasses'>

/** Nothing of this pod is ever made, and no image has this name. */
const TRIED = {
  name: 'trial',
  image: 'none/none',
  limits: { cpus: 0.1, memoryBytes: 2 ** 20, processes: 1, timeMs: 1000, diskBytes: 2 ** 30 },
  keySha256: '0'.repeat(64),
}

/**
 * What a cluster has for pods of builds, by asking it to take one and not make it: it drops what it does not know, and refuses
 * a class that it has not. Rejects when it takes none at all.
 */
export async function buildFacts(
  api: KubernetesApi,
  house: Omit<BuildHouse, keyof Facts>,
  hostUsers: FactsWanted['hostUsers'],
  signal: AbortSignal,
): Promise<Facts> {
  const tried = async (priorityClasses: boolean): Promise<Facts> => {
    const body = buildPodSpec(TRIED, { ...house, userNamespaces: hostUsers !== 'true', priorityClasses })
    const call = { verb: 'create', resource: 'pods', namespace: house.namespace, query: { dryRun: 'All' }, body } as const
    const { spec } = (await api.call(call, signal)) as V1Pod
    return { userNamespaces: spec?.hostUsers === false, priorityClasses }
  }
  const facts = await tried(true).catch((error: unknown) => {
    if (!(error instanceof ApiRefused) || !/PriorityClass/.test(error.message)) throw error
    return tried(false)
  })
  if (hostUsers === 'false' && !facts.userNamespaces) throw new Error('the cluster knows no user namespaces')
  return facts
}
