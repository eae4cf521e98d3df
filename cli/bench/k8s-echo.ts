import { kubeconfigPath, kubectlJson } from '../../k8s/test-cluster/kubectl.ts'
import { barePty } from './bare-pty.ts'
import { benchCluster } from './cluster/bench-cluster.ts'
import { keystrokes } from './echo.ts'
import { percentile, round } from './figures.ts'
import { benchVisitor } from './visitor.ts'

const KEYS = 200
/** Half the time between two keys: neither waits for what the other keeps busy. */
const APART_MS = 100

/** Keystroke to echo in one pod: through us, and through `kubectl exec`, at the same time. */
export async function k8sEcho() {
  const cluster = await benchCluster()
  try {
    const server = await cluster.replica({ DRAGOMAN_POOL_MEMORY_MIB: '0' })
    const visitor = await benchVisitor(server.url)
    await visitor.start('python')
    await visitor.saw('>>> ')
    type Pods = { items: { metadata: { name: string } }[] }
    const pods = await kubectlJson<Pods>(['get', 'pods', '-n', cluster.namespace, '-l', 'dragoman.dev/kind=session'])
    const pod = pods.items[0]?.metadata.name
    if (pod === undefined) throw new Error('Cannot measure: the session has no pod')
    const exec = await barePty(`kubectl --kubeconfig ${kubeconfigPath()} exec -it -n ${cluster.namespace} ${pod} -- python3`)
    await exec.saw('>>> ')
    const later = new Promise((done) => setTimeout(done, APART_MS)).then(() => keystrokes(KEYS, exec))
    const [ours, execs] = await Promise.all([keystrokes(KEYS, visitor), later])
    exec.close()
    visitor.close()
    return {
      p99Ms: round(percentile(ours, 0.99)),
      kubectlExecP99Ms: round(percentile(execs, 0.99)),
      p50Ms: round(percentile(ours, 0.5)),
      kubectlExecP50Ms: round(percentile(execs, 0.5)),
      n: KEYS,
    }
  } finally {
    await cluster.close()
  }
}
