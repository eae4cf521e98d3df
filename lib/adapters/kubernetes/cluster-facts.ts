import type { V1Pod, V1PodList } from '@kubernetes/client-node'

import { err, ok, type Result } from '#lib/domain/result.ts'

import { ApiRefused, quotaIsSpent, type KubernetesApi } from './api.ts'
import { selectorOf } from './pod-names.ts'
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
    const pod = (await api.call({ verb: 'create', resource: 'pods', namespace: house.namespace, query, body }, signal)) as V1Pod
    return factsOf(pod)
  }
  const withOrWithoutClasses = (userNamespaces: boolean) =>
    tried({ userNamespaces, priorityClasses: true }).catch((error: unknown) => {
      if (!(error instanceof ApiRefused) || !/PriorityClass/.test(error.message)) throw error
      return tried({ userNamespaces, priorityClasses: false })
    })
  try {
    const facts = await withOrWithoutClasses(hostUsers !== 'true').catch((error: unknown) => {
      // Without the word that it does not know the pod is root's, which a strict namespace takes from nobody.
      if (hostUsers !== 'auto' || !(error instanceof ApiRefused) || quotaIsSpent(error)) throw error
      return withOrWithoutClasses(false)
    })
    if (hostUsers === 'false' && !facts.userNamespaces) return refused('the cluster knows no user namespaces')
    return ok(facts)
  } catch (error) {
    if (!(error instanceof ApiRefused)) throw error
    // A full house takes no pod on trial either; one that it took before shows the same.
    const there = quotaIsSpent(error) ? await onePod(api, house.namespace, signal) : undefined
    return there ? ok(factsOf(there)) : refused(error.message)
  }
}

async function onePod(api: KubernetesApi, namespace: string, signal: AbortSignal): Promise<V1Pod | undefined> {
  const query = { labelSelector: selectorOf('session'), limit: '1' }
  return ((await api.call({ verb: 'list', resource: 'pods', namespace, query }, signal)) as V1PodList).items[0]
}

const factsOf = ({ spec }: V1Pod): ClusterFacts => ({
  userNamespaces: spec?.hostUsers === false,
  // A cluster may give every pod some class of its own.
  priorityClasses: spec?.priorityClassName?.startsWith('dragoman-') ?? false,
})

const refused = (why: string) => err({ code: 'pods_refused' as const, why })
