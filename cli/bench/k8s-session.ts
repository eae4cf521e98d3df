import { barePods } from './cluster/bare-pod.ts'
import { benchCluster, figures, poolOf, READY_MEMBERS, until, WRITES } from './cluster/bench-cluster.ts'
import { percentile, round } from './figures.ts'
import { startToPrompt } from './session.ts'
import { benchVisitor } from './visitor.ts'

const TIMES = 40
const POOL = 4
/** A claim is noted in the cluster a second later, and a pod that was left is deleted: neither is the next session's write. */
const CALM_MS = 2000

/**
 * From the start call to the prompt's bytes at a client, with sessions as pods: without a pool, and with one. Bare: a pod with
 * only Python in it, until the cluster calls it ready.
 */
export async function k8sSession() {
  const cluster = await benchCluster()
  try {
    const empty = await cluster.replica({ DRAGOMAN_POOL_MEMORY_MIB: '0' })
    const barePod = await barePods(cluster.namespace)
    const [cold, bare]: [number[], number[]] = [[], []]
    for (let n = 0; n < TIMES; n++) {
      // In turn, so that both see the same machine.
      cold.push(await startToPrompt(empty.url))
      bare.push(await barePod())
    }
    await empty.stop()

    const full = await cluster.replica(poolOf(POOL))
    const [warm, writes]: [number[], number[]] = [[], []]
    for (let n = 0; n < TIMES; n++) {
      await until(full.url, (figure) => figure(READY_MEMBERS) >= POOL)
      await new Promise((done) => setTimeout(done, CALM_MS))
      const start = await warmStart(full.url)
      warm.push(start.ms)
      writes.push(start.writes)
    }
    const figure = await figures(full.url)
    return {
      warmP50Ms: round(percentile(warm, 0.5)),
      warmP95Ms: round(percentile(warm, 0.95)),
      coldP50Ms: round(percentile(cold, 0.5)),
      barePodReadyP50Ms: round(percentile(bare, 0.5)),
      hitRatio: round(figure('dragoman_session_starts_total{language="python",path="warm"') / TIMES),
      apiWritesBeforePrompt: Math.max(...writes),
      coldP95Ms: round(percentile(cold, 0.95)),
      n: TIMES,
    }
  } finally {
    await cluster.close()
  }
}

/** With the changes that were asked of the cluster between the call and the prompt. */
async function warmStart(url: string): Promise<{ ms: number; writes: number }> {
  const visitor = await benchVisitor(url)
  const before = (await figures(url))(WRITES)
  const from = performance.now()
  await visitor.start('python')
  const at = await visitor.saw('>>> ')
  const writes = (await figures(url))(WRITES) - before
  await new Promise<void>((done) => visitor.socket.emit('leave', {}, () => done()))
  visitor.close()
  return { ms: at - from, writes }
}
