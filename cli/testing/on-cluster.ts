import { leftDatabases } from '../../k8s/test-cluster/own-database.ts'
import { type OpenWorld, openWorld, WORLD_ENV } from '../../k8s/test-cluster/world.ts'
import { type Cluster, someCluster } from './cluster.ts'
import { type Count, oneIf, sum, words } from './count.ts'
import { leftInCluster } from './left-in-cluster.ts'
import { runStage, type Stage } from './stage.ts'
import { nothingLeftStage } from './suites.ts'
import { vitestStage } from './tools.ts'

const MINUTE_MS = 60_000
const say = (line: string) => void process.stdout.write(`${line}\n`)

/** Runs one of vitest's projects on a cluster with a world in it, proves that nothing is left, and says how many passed. */
export async function testOnCluster(project: 'k8s' | 'faults', msMax: number): Promise<void> {
  const open: { cluster?: Cluster; world?: OpenWorld } = {}
  // Nothing of ours outlives us: whoever ends us ends it.
  let ending: Promise<void> | undefined
  const endAll = () => (ending ??= Promise.all([open.world?.stop(), open.cluster?.stop()]).then(() => undefined))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void endAll().finally(() => process.exit(1)))
  }
  const clusterStage: Stage = {
    name: 'cluster',
    msMax: 20 * MINUTE_MS,
    async run() {
      open.cluster = await someCluster(say)
      return { count: oneIf(true) }
    },
  }
  const worldStage: Stage = {
    name: 'world',
    msMax: 8 * MINUTE_MS,
    async run(signal) {
      open.world = await openWorld(signal)
      process.env[WORLD_ENV] = open.world.path
      return { count: oneIf(true) }
    },
  }
  const clusterGone: Stage = {
    name: 'cluster gone',
    msMax: MINUTE_MS,
    async run() {
      await endAll()
      const left = (await open.cluster?.left()) ?? []
      return { count: oneIf(left.length === 0), output: left.join('\n') }
    },
  }
  const nothingLeft = nothingLeftStage()

  const counts: Count[] = [await runStage(clusterStage)]
  if (open.cluster) {
    process.env.KUBECONFIG = open.cluster.kubeconfig
    say(`the cluster is ${open.cluster.name}`)
    for (const stage of [worldStage, vitestStage(project, msMax), emptyCluster]) counts.push(await runStage(stage))
  }
  for (const stage of [clusterGone, nothingLeft]) counts.push(await runStage(stage))

  // As in test.ts: the last line says it all.
  const total = sum(counts)
  if (total.shaky) say(`${total.shaky} of them only at a second try`)
  say(words(total))
  process.exitCode = total.failed > 0 ? 1 : 0
}

const emptyCluster: Stage = {
  name: 'nothing left in cluster',
  msMax: 2 * MINUTE_MS,
  async run() {
    const left = [...(await leftInCluster()), ...(await leftDatabases())]
    return { count: oneIf(left.length === 0), output: left.join('\n') }
  },
}
