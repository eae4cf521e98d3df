import { systemClock } from '../adapters/system/time.ts'
import type { ImageRoots } from '../application/ports/image-roots.ts'
import type { Log } from '../application/ports/log.ts'
import type { Metrics } from '../application/ports/metrics.ts'
import type { Sandboxes } from '../application/ports/sandboxes.ts'
import type { Config } from '../config/options.ts'
import { ok } from '../domain/result.ts'

/** Pods beside the sessions: waiting members, and those being taken away. */
const SPARE_PODS = 64
const FACTS_MS_MAX = 30_000
/** What a killed server left of its tests; each ends by itself long before. */
const TEST_YOUNG_MS = 3_600_000

export type OpenedPods = {
  /** For visitors. */
  readonly sandboxes: Sandboxes
  /** For what this server asks for itself: they are in nobody's ledger. */
  readonly tests: Sandboxes
  readonly userNamespaces: boolean
  /** Nodes fetch images themselves. */
  readonly roots: ImageRoots & { close(): void }
}

/** Sandboxes as pods of the cluster that the options name. Rejects when it cannot be asked. */
export async function openPods(config: Config, { metrics, log }: { metrics: Metrics; log: Log }): Promise<OpenedPods> {
  // The cluster's client is large, and a server on one machine has no use for it.
  const [{ kubernetesApi }, { apiServerAddresses, openCluster }, { clusterFacts }, { podSandboxes }] = await Promise.all([
    import('../adapters/kubernetes/api.ts'),
    import('../adapters/kubernetes/cluster.ts'),
    import('../adapters/kubernetes/cluster-facts.ts'),
    import('../adapters/kubernetes/sandboxes.ts'),
  ])
  const { sessionsNamespace: namespace, imageRegistry, registryUrl = '', agentCache, hostUsers, runtimeClass } = config
  const cluster = await openCluster(config.kubeconfig)
  const api = kubernetesApi(cluster, { clock: systemClock, metrics })
  const asked = {
    ...{ namespace, registry: imageRegistry ?? new URL(registryUrl).host, agent: { nodeFolder: agentCache } },
    ...(runtimeClass !== undefined && { runtimeClass }),
  }
  const facts = await clusterFacts(api, asked, hostUsers, AbortSignal.timeout(FACTS_MS_MAX))
  if (!facts.ok) throw new Error(`Cannot have pods in "${namespace}": ${facts.error.why}`)
  const house = { ...asked, ...facts.value }
  const { userNamespaces } = house
  // While policies are not enforced nobody is let in, unless the operator says by name that it shall be so.
  const canary = config.unenforcedNetwork ? ('tolerated' as const) : await apiServerAddresses(cluster)
  const options = { api, house, canary, clock: systemClock, metrics, log, sandboxesMax: config.sessionsMax + SPARE_PODS }
  const [sandboxes, tests] = await Promise.all([
    podSandboxes(options),
    podSandboxes({ ...options, kind: 'probe', youngMs: TEST_YOUNG_MS }),
  ])
  log.info('sandboxes are pods', { namespace, ...facts.value })
  return {
    sandboxes: {
      ...sandboxes,
      sweep: async (keep) => (await sandboxes.sweep(keep)) + (await tests.sweep(new Set())),
      async close() {
        await sandboxes.close()
        await tests.close()
      },
    },
    ...{ tests, userNamespaces },
    roots: { hold: async () => ok({ rootPath: '', agentPath: '', release() {} }), close() {} },
  }
}
