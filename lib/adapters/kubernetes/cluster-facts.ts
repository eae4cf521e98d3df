import type { V1Pod, V1PodList } from '@kubernetes/client-node'

import { err, ok, type Result } from '#lib/domain/result.ts'

import { ApiRefused, quotaIsSpent, type KubernetesApi } from './api.ts'
import { selectorOf } from './pod-names.ts'
import { podSpec, type PodHouse, type PodInputs } from './pod-spec.ts'

export type FactsWanted = {
  /** Whether pods share the node's user ids: `auto` gives each its own where the cluster knows how. */
  readonly hostUsers: 'auto' | 'true' | 'false'
  /** Where pods have the agent from: its image as a volume, a folder of the node, or with `auto` what the cluster can. */
  readonly agentVolume: 'auto' | 'image' | 'node'
}
export type ClusterFacts = Pick<PodHouse, 'userNamespaces' | 'oneId' | 'priorityClasses'> & {
  /** Whether it mounts images as volumes. */
  readonly imageVolumes?: boolean
  /** Whether a pod that runs can be reckoned at more. */
  readonly resizes?: boolean
}
/** No pod of ours would be taken as it is; in the cluster's words. */
export type PodsRefused = { readonly code: 'pods_refused'; readonly why: string }

/** What is wished for, the best first. A strict namespace takes no root and no folder of its node from anybody. */
const USERS = { auto: ['two', 'one', 'shared'], false: ['two', 'one'], true: ['shared'] } as const
const VOLUMES = { auto: ['image', 'node'], image: ['image'], node: ['node'] } as const
type Wish = { readonly users: (typeof USERS)['auto'][number]; readonly volume: (typeof VOLUMES)['auto'][number] }

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
 * What a cluster has, by asking it to take a pod and not make it. A server that knows no user namespaces or image volumes drops
 * the word, and says so by its answer; whether the node obeys, the agent tells when it says hello.
 */
export async function clusterFacts(
  api: KubernetesApi,
  house: Omit<PodHouse, keyof ClusterFacts>,
  wanted: FactsWanted,
  signal: AbortSignal,
): Promise<Result<ClusterFacts, PodsRefused>> {
  const { namespace } = house
  const tried = async ({ users, volume }: Wish, priorityClasses: boolean) => {
    const inputs = { ...TRIED, ...(volume === 'image' && { agentImage: TRIED.foundation.image }) }
    const body = podSpec(inputs, { ...house, userNamespaces: users !== 'shared', oneId: users === 'one', priorityClasses })
    const call = { verb: 'create', resource: 'pods', namespace, query: { dryRun: 'All' }, body } as const
    return factsOf((await api.call(call, signal)) as V1Pod)
  }
  const withOrWithoutClasses = (wish: Wish) =>
    tried(wish, true).catch((error: unknown) => {
      if (!(error instanceof ApiRefused) || !/PriorityClass/.test(error.message)) throw error
      return tried(wish, false)
    })

  let why = ''
  for (const wish of wishes(wanted)) {
    try {
      const facts = await withOrWithoutClasses(wish)
      return asWanted({ ...facts, resizes: await resizes(api, namespace, signal) }, wanted)
    } catch (error) {
      if (!(error instanceof ApiRefused)) throw error
      why = error.message
      if (!quotaIsSpent(error)) continue
      // A full house takes no pod on trial either; one that it took before shows the same.
      const there = await onePod(api, namespace, signal)
      if (!there) return refused(why)
      return asWanted({ ...factsOf(there), resizes: await resizes(api, namespace, signal) }, wanted)
    }
  }
  return refused(why)
}

/** By growing a pod that is not there: a server that knows how misses the pod, one that does not knows of no such place. */
async function resizes(api: KubernetesApi, namespace: string, signal: AbortSignal): Promise<boolean> {
  const call = { verb: 'patch', resource: 'pods/resize', namespace, name: TRIED.id, body: [], jsonPatch: true } as const
  try {
    await api.call({ ...call, query: { dryRun: 'All' } }, signal)
    return true
  } catch (error) {
    if (!(error instanceof ApiRefused)) throw error
    return error.status === 404 && error.message.includes(`pods "${TRIED.id}" not found`)
  }
}

const wishes = ({ hostUsers, agentVolume }: FactsWanted): Wish[] =>
  USERS[hostUsers].flatMap((users) => VOLUMES[agentVolume].map((volume) => ({ users, volume })))

function asWanted(facts: ClusterFacts, { hostUsers, agentVolume }: FactsWanted): Result<ClusterFacts, PodsRefused> {
  if (hostUsers === 'false' && !facts.userNamespaces) return refused('the cluster knows no user namespaces')
  if (agentVolume === 'image' && !facts.imageVolumes) return refused('the cluster knows no image volumes')
  return ok(facts)
}

async function onePod(api: KubernetesApi, namespace: string, signal: AbortSignal): Promise<V1Pod | undefined> {
  const query = { labelSelector: selectorOf('session'), limit: '1' }
  return ((await api.call({ verb: 'list', resource: 'pods', namespace, query }, signal)) as V1PodList).items[0]
}

const factsOf = ({ spec }: V1Pod): ClusterFacts => ({
  userNamespaces: spec?.hostUsers === false,
  oneId: spec?.hostUsers === false && spec.securityContext?.runAsNonRoot === true,
  imageVolumes: spec?.volumes?.some(({ image }) => image) ?? false,
  // A cluster may give every pod some class of its own.
  priorityClasses: spec?.priorityClassName?.startsWith('dragoman-') ?? false,
})

const refused = (why: string) => err({ code: 'pods_refused' as const, why })
