import type { V1Pod } from '@kubernetes/client-node'

import { err, ok, type Result } from '#lib/domain/result.ts'

import { ApiRefused, type KubernetesApi } from './api.ts'
import { podSpec, type PodHouse, type PodInputs } from './pod-spec.ts'

/** Whether pods share the node's user ids: `auto` gives each its own where the cluster knows how. */
export type HostUsers = 'auto' | 'true' | 'false'

export type ClusterFacts = Pick<PodHouse, 'userNamespaces' | 'priorityClasses'>
/** No pod of ours would be taken as it is; in the cluster's words. */
export type PodsRefused = { readonly code: 'pods_refused'; readonly why: string }

/** Nothing of this pod is ever made, and no image has this name. */
const TRIED: PodInputs = {
  id: 'sb00000000000000000000' as PodInputs['id'],
  kind: 'probe',
  foundation: {
    lang: 'none' as PodInputs['foundation']['lang'],
    image: `sha256:${'0'.repeat(64)}` as PodInputs['foundation']['image'],
    agent: 'none',
  },
  limits: {
    ...{ cpus: 1, memoryBytes: 2 ** 26, lspMemoryBytes: 2 ** 26, processes: 64, homeBytes: 2 ** 20, homeInodes: 1000 },
    ...{ tmpBytes: 2 ** 20, openFiles: 256, idleMs: 1000, lifeMs: 1000, outputBytes: 2 ** 20 },
  },
  keySha256: '0'.repeat(64),
}

/**
 * What a cluster has, by asking it to take a pod and not make it. A server that knows no user namespaces drops the word,
 * and says so by its answer; whether the node obeys, the agent tells when it says hello.
 */
export async function clusterFacts(
  api: KubernetesApi,
  house: Omit<PodHouse, keyof ClusterFacts>,
  hostUsers: HostUsers,
  signal: AbortSignal,
): Promise<Result<ClusterFacts, PodsRefused>> {
  const tried = async (facts: ClusterFacts) => {
    const body = podSpec(TRIED, { ...house, ...facts })
    const query = { dryRun: 'All' }
    return (await api.call({ verb: 'create', resource: 'pods', namespace: house.namespace, query, body }, signal)) as V1Pod
  }
  const asked = { userNamespaces: hostUsers !== 'true', priorityClasses: true }
  try {
    const { pod, priorityClasses } = await tried(asked).then(
      (pod) => ({ pod, priorityClasses: true }),
      async (error: unknown) => {
        if (!(error instanceof ApiRefused) || !/PriorityClass/.test(error.message)) throw error
        return { pod: await tried({ ...asked, priorityClasses: false }), priorityClasses: false }
      },
    )
    const userNamespaces = pod.spec?.hostUsers === false
    if (hostUsers === 'false' && !userNamespaces) return refused('the cluster knows no user namespaces')
    return ok({ userNamespaces, priorityClasses })
  } catch (error) {
    if (error instanceof ApiRefused) return refused(error.message)
    throw error
  }
}

const refused = (why: string) => err({ code: 'pods_refused' as const, why })
