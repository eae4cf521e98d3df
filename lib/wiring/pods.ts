import { pgArtifacts } from '../adapters/pg/artifacts.ts'
import { systemClock } from '../adapters/system/time.ts'
import type { ImageRoots } from '../application/ports/image-roots.ts'
import type { Log } from '../application/ports/log.ts'
import type { Metrics } from '../application/ports/metrics.ts'
import type { Sandboxes } from '../application/ports/sandboxes.ts'
import type { Config } from '../config/options.ts'
import { agentImage } from '../domain/agent-release.ts'
import type { Digest } from '../domain/digest.ts'
import { ok } from '../domain/result.ts'
import { askCluster } from './ask-cluster.ts'
import type { Databases } from './databases.ts'

/** Pods beside the sessions: waiting members, and those being taken away. */
const SPARE_PODS = 64
/** What a killed server left of its tests; each ends by itself long before. */
const TEST_YOUNG_MS = 3_600_000

export type OpenedPods = {
  /** For visitors. */
  readonly sandboxes: Sandboxes
  /** For what this server asks for itself: they are in nobody's ledger. */
  readonly tests: Sandboxes
  /** Once the cluster has answered. */
  readonly userNamespaces: Promise<boolean>
  /** False until then: nothing can be started, and what runs goes on. */
  isAnswered(): boolean
  /** Nodes fetch images themselves. */
  readonly roots: ImageRoots & { close(): void }
}

type World = { readonly metrics: Metrics; readonly log: Log; readonly databases: Promise<Databases> }

/** Sandboxes as pods of the cluster that the options name. Rejects when it refuses; while it is away, it is waited for beside the rest. */
export async function openPods(config: Config, { metrics, log, databases }: World): Promise<OpenedPods> {
  // The cluster's client is large, and a server on one machine has no use for it.
  const [{ kubernetesApi }, { apiServerAddresses, openCluster }, { clusterFacts }, { podSandboxes }] = await Promise.all([
    import('../adapters/kubernetes/api.ts'),
    import('../adapters/kubernetes/cluster.ts'),
    import('../adapters/kubernetes/cluster-facts.ts'),
    import('../adapters/kubernetes/sandboxes.ts'),
  ])
  const { sessionsNamespace: namespace, imageRegistry, registryUrl = '', agentCache, runtimeClass } = config
  const cluster = await openCluster(config.kubeconfig)
  const api = kubernetesApi(cluster, { clock: systemClock, metrics })
  const asked = {
    ...{ namespace, registry: imageRegistry ?? new URL(registryUrl).host, agent: { nodeFolder: agentCache } },
    ...(runtimeClass !== undefined && { runtimeClass }),
  }
  const asking = askCluster(
    async (signal) => {
      const facts = await clusterFacts(api, asked, config, signal)
      if (!facts.ok) return facts
      log.info('sandboxes are pods', { namespace, ...facts.value })
      // While policies are not enforced nobody is let in, unless the operator says by name that it shall be so.
      return ok({
        facts: facts.value,
        canary: config.unenforcedNetwork ? ('tolerated' as const) : await apiServerAddresses(cluster),
      })
    },
    { clock: systemClock, log },
  )
  const facts = asking.known.then((known) => known.facts)
  const canary = asking.known.then((known) => known.canary)
  const options = {
    ...{ api, house: asked, facts, canary, clock: systemClock, metrics, log },
    agentImages: { of: agentImagesIn(databases), orNode: config.agentVolume !== 'image' },
    ...{ sandboxesMax: config.sessionsMax + SPARE_PODS, claimedPercent: config.claimedPercent },
  }
  const [refused, sandboxes, tests] = await Promise.all([
    asking.refused,
    podSandboxes(options),
    podSandboxes({ ...options, kind: 'probe', youngMs: TEST_YOUNG_MS }),
  ])
  const close = async () => {
    asking.stop()
    await sandboxes.close()
    await tests.close()
  }
  if (refused !== undefined) {
    await close()
    throw new Error(`Cannot have pods in "${namespace}": ${refused}`)
  }
  return {
    sandboxes: { ...sandboxes, sweep: async (keep) => (await sandboxes.sweep(keep)) + (await tests.sweep(new Set())), close },
    ...{ tests, userNamespaces: facts.then(({ userNamespaces }) => userNamespaces), isAnswered: asking.isKnown },
    roots: { hold: async () => ok({ rootPath: '', agentPath: '', release() {} }), close() {} },
  }
}

/** The image of a release never becomes another; as many are remembered as languages live here run under. */
function agentImagesIn(databases: Promise<Databases>): (version: string) => Promise<Digest | undefined> {
  const known = new Map<string, Digest>()
  return async (version) => {
    const { workshop } = await databases
    const [release] = known.has(version) || !workshop ? [] : await pgArtifacts(workshop.database).releases(version)
    const image = release && agentImage(release)
    if (image) known.set(version, image)
    return known.get(version)
  }
}
