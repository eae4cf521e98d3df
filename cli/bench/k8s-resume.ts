import { tcpBalancer } from './cluster/balancer.ts'
import { benchCluster } from './cluster/bench-cluster.ts'
import { typingLoad } from './cluster/typing-load.ts'
import { percentile, round } from './figures.ts'

const SESSIONS = 50
/** Typed before the kill, and after it, in ms. */
const BEFORE_MS = 5000
const AFTER_MS = 10_000

/** One of two servers dies under fifty typists: what became of every byte, and how soon those who lost it saw their program answer. */
export async function k8sResume() {
  const cluster = await benchCluster()
  const balancer = await tcpBalancer()
  try {
    const env = { DRAGOMAN_POOL_MEMORY_MIB: '0' }
    const [one, other] = await Promise.all([cluster.replica(env), cluster.replica(env)])
    for (const { url } of [one, other]) balancer.add(url)
    const load = await typingLoad(balancer.url, SESSIONS)
    await new Promise((done) => setTimeout(done, BEFORE_MS))
    const killedAt = performance.now()
    one.process.kill('SIGKILL')
    await new Promise((done) => setTimeout(done, AFTER_MS))
    const resumed = load.typists.flatMap(({ brokeAt, freshAt }) => {
      const broke = brokeAt.find((at) => at >= killedAt)
      if (broke === undefined) return []
      return [(freshAt.find((at) => at > broke) ?? Infinity) - killedAt]
    })
    const { reasons, ...figures } = await load.finish()
    if (resumed.length === 0) throw new Error('Cannot measure: nobody was on the server that died')
    return {
      ...figures,
      resumedP95Ms: round(percentile(resumed, 0.95)),
      resumedP50Ms: round(percentile(resumed, 0.5)),
      moved: resumed.length,
      ...(reasons.length > 0 && { reasons: reasons.join(', ') }),
      n: SESSIONS,
    }
  } finally {
    balancer.close()
    await cluster.close()
  }
}
