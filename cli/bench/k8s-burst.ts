import { benchCluster, type Figure, figures, poolOf, READY_MEMBERS, until } from './cluster/bench-cluster.ts'
import { percentile, round } from './figures.ts'
import { benchVisitor } from './visitor.ts'

const STARTS = 60
const POOL = 20
/** Pods start one after another on a small machine. */
const FILL_MS_MAX = 300_000
/** Whoever makes pods too many has made them by then. */
const SETTLE_MS = 3000

/** Pods that the cluster made for us; a create that is asked again makes no second one. */
const CREATED = 'dragoman_k8s_request_duration_seconds_count{verb="create",resource="pods",code="201"'

/** Sixty visitors at once, and a pool of twenty that is filled again. */
export async function k8sBurst() {
  const cluster = await benchCluster()
  try {
    const { url } = await cluster.replica(poolOf(POOL))
    const isFull = (figure: Figure) => figure(READY_MEMBERS) >= POOL
    await until(url, isFull, FILL_MS_MAX)
    // Those of the pool, and some that the server tried before it let anybody in.
    const before = (await figures(url))(CREATED)
    const visitors = await Promise.all(Array.from({ length: STARTS }, () => benchVisitor(url)))
    const starts = await Promise.allSettled(visitors.map(start))
    await until(url, isFull, FILL_MS_MAX)
    await new Promise((done) => setTimeout(done, SETTLE_MS))
    const created = (await figures(url))(CREATED) - before

    const good = starts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const refusals = starts.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
    const all = good.map(({ ms }) => ms)
    const warm = good.filter(({ isWarm }) => isWarm).map(({ ms }) => ms)
    for (const visitor of visitors) visitor.close()
    if (warm.length === 0) throw new Error('Cannot measure: nobody was given a member of the pool')
    return {
      warmP95Ms: round(percentile(warm, 0.95)),
      allP95Ms: round(percentile(all, 0.95)),
      errors: STARTS - good.length,
      overCreated: Math.max(0, created - STARTS),
      ...{ created, warm: warm.length, n: STARTS },
      ...(refusals.length > 0 && { refusals: [...new Set(refusals)].join('; ') }),
    }
  } finally {
    await cluster.close()
  }
}

async function start(visitor: Awaited<ReturnType<typeof benchVisitor>>): Promise<{ ms: number; isWarm: boolean }> {
  let isWarm = true
  visitor.socket.on('phase', ({ phase }) => void (isWarm &&= phase !== 'starting'))
  const from = performance.now()
  await visitor.start('python')
  return { ms: (await visitor.saw('>>> ')) - from, isWarm }
}
