import { barePods } from './cluster/bare-pod.ts'
import { benchCluster, type Figure, figures, poolOf, READY_MEMBERS, until, WRITES } from './cluster/bench-cluster.ts'
import { percentile, round } from './figures.ts'
import { startToPrompt } from './session.ts'
import { benchVisitor } from './visitor.ts'

const TIMES = 40
const POOL = 4
/**
 * Warm starts begin within this time of one another, then they are let go and the pool fills again: it begins to 150 ms after
 * it gave the first away, and until then every change that is asked of the cluster would be one that a start needs.
 */
const ROUND_MS = 60

/**
 * From the start call to the prompt's bytes at a client, with sessions as pods: with a pool, and without one. Bare: a pod with
 * only Python in it and no volume, until the cluster calls it ready.
 */
export async function k8sSession() {
  const cluster = await benchCluster()
  try {
    const [full, empty] = await Promise.all([cluster.replica(poolOf(POOL)), cluster.replica(NO_POOL)])
    const warm: WarmStart[] = []
    while (warm.length < TIMES) warm.push(...(await warmRound(full.url, TIMES - warm.length)))
    const figure = await figures(full.url)
    await full.stop()

    const barePod = await barePods(cluster.namespace)
    const [cold, bare]: [number[], number[]] = [[], []]
    for (let n = 0; n < TIMES; n++) {
      // In turn, so that both see the same machine.
      cold.push(await startToPrompt(empty.url))
      bare.push(await barePod())
    }
    const warmMs = warm.map(({ ms }) => ms)
    return {
      warmP50Ms: round(percentile(warmMs, 0.5)),
      warmP95Ms: round(percentile(warmMs, 0.95)),
      coldP50Ms: round(percentile(cold, 0.5)),
      barePodReadyP50Ms: round(percentile(bare, 0.5)),
      hitRatio: round(figure('dragoman_session_starts_total{language="python",path="warm"') / TIMES),
      apiWritesBeforePrompt: warm.reduce((sum, { writes }) => sum + writes, 0),
      coldP95Ms: round(percentile(cold, 0.95)),
      n: TIMES,
    }
  } finally {
    await cluster.close()
  }
}

const NO_POOL = { DRAGOMAN_POOL_MEMORY_MIB: '0' }

/** `writes`: the changes that were asked of the cluster between the call and the prompt. */
type WarmStart = { readonly ms: number; readonly writes: number }

async function warmRound(url: string, most: number): Promise<WarmStart[]> {
  await until(url, (figure) => figure(READY_MEMBERS) >= POOL)
  const visitors = await Promise.all(Array.from({ length: Math.min(most, POOL) }, () => benchVisitor(url)))
  const writesOf = (figure: Figure) => figure(WRITES)
  const [starts, begin]: [WarmStart[], number] = [[], performance.now()]
  for (const visitor of visitors) {
    if (performance.now() - begin > ROUND_MS) break
    const before = writesOf(await figures(url))
    const from = performance.now()
    await visitor.start('python')
    const at = await visitor.saw('>>> ')
    starts.push({ ms: at - from, writes: writesOf(await figures(url)) - before })
  }
  await Promise.all(visitors.map((visitor) => visitor.leave()))
  return starts
}
