import { join } from 'node:path'

import { fileBlob } from '../adapters/files/file-blob.ts'
import { ociRecipes } from '../adapters/oci-runtime/recipes.ts'
import { registryProxies } from '../adapters/registry-proxy/proxies.ts'
import { systemClock } from '../adapters/system/time.ts'
import { machineWorkplaces } from '../application/images/machine-workplaces.ts'
import { runnerImages } from '../application/images/runner-image.ts'
import type { Metrics } from '../application/ports/metrics.ts'
import type { Workplaces } from '../application/ports/workplaces.ts'
import type { Config } from '../config/options.ts'
import type { AttemptKey } from '../domain/build.ts'
import type { Stores } from '../stores.ts'
import { recipeRuntime } from './builder-needs.ts'

const FACTS_MS_MAX = 30_000

export type OpenWorkplaces = {
  readonly workplaces: Workplaces
  /** Removes what no attempt at work has, where that may outlive a server. */
  sweep(live: () => Promise<readonly AttemptKey[]>): Promise<void>
  close(): Promise<void>
}
type Where = {
  readonly config: Config
  /** Where the checkout is. */
  readonly top: string
  readonly instance: string
  /** For what is half done. */
  readonly work: string
  readonly memoryBytes: number
  readonly metrics: Metrics
}

/** Where this server's builds are made, as its options say. */
export const openWorkplaces = (where: Where, stores: Stores): Promise<OpenWorkplaces> =>
  where.config.builder === 'pods' ? inPods(where, stores) : onThisMachine(where, stores)

async function onThisMachine({ config, top, instance, work, memoryBytes }: Where, { layers }: Stores): Promise<OpenWorkplaces> {
  const recipes = await ociRecipes({
    ...{ runtimePath: recipeRuntime(config) ?? 'runc', instance, workDir: work, memoryBytes },
    ...{ firstId: config.buildUidBase, proxies: proxiesIn(config, work), toolsPath: join(top, '.dragoman', 'tools') },
  })
  return {
    workplaces: machineWorkplaces({ layers, recipes, clock: systemClock }),
    sweep: async () => undefined, // recipes die with their server
    close: () => recipes.close(),
  }
}

async function inPods({ config, top, work, metrics }: Where, { images, layers }: Stores): Promise<OpenWorkplaces> {
  // The cluster's client is large, and a server on one machine has no use for it.
  const [{ kubernetesApi }, { openCluster }, { podWorkplaces }, { RUNNER_FILE }, { buildFacts }] = await Promise.all([
    import('../adapters/kubernetes/api.ts'),
    import('../adapters/kubernetes/cluster.ts'),
    import('../adapters/kubernetes/builds/pod-workplaces.ts'),
    import('../adapters/kubernetes/builds/build-pod-spec.ts'),
    import('../adapters/kubernetes/builds/build-facts.ts'),
  ])
  const { kubeconfig, buildsNamespace, imageRegistry, runtimeClass, registryUrl = '', hostUsers } = config
  const program = () => fileBlob(join(top, '.dragoman', 'runner', RUNNER_FILE))
  const parts = { program, name: RUNNER_FILE, toolsPath: join(top, '.dragoman', 'tools') }
  const api = kubernetesApi(await openCluster(kubeconfig), { clock: systemClock, metrics })
  const asked = { namespace: buildsNamespace, ...(runtimeClass !== undefined && { runtimeClass }) }
  const pods = podWorkplaces({
    api,
    house: { ...asked, ...(await buildFacts(api, asked, hostUsers, AbortSignal.timeout(FACTS_MS_MAX))) },
    registry: imageRegistry ?? new URL(registryUrl).host,
    runnerImage: runnerImages({ images, layers }, parts),
    ...{ layers, workDir: work, proxies: proxiesIn(config, work) },
  })
  return { workplaces: pods, sweep: async (live) => void (await pods.sweep(live)), close: async () => undefined }
}

const proxiesIn = (config: Config, work: string) => {
  const { npmRegistry: npm, pipRegistry: pip, gemRegistry: gem, ...others } = config
  const { cpanRegistry: cpan, cargoRegistry: cargo, opamRegistry: opam } = others
  return registryProxies({ npm, pip, gem, cpan, cargo, opam }, work)
}
