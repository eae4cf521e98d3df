import { kubeconfigPath, kubectlJson } from '../../k8s/test-cluster/kubectl.ts'
import { benchCluster } from './cluster/bench-cluster.ts'
import { percentile, round } from './figures.ts'
import { typistProcess } from './typist-process.ts'

/** Enough that the hundredth part of them is no single accident. */
const KEYS = 1000
/** A key that is held down repeats a little faster. */
const KEY_MS = 60

/**
 * Keystroke to echo in one pod, through us and through `kubectl exec`, in the same minute and half a beat apart, so that
 * neither waits for what the other keeps busy. Each is typed by a process of its own, the same program but for its line:
 * a websocket to the server, or the pipe to `kubectl`.
 */
export async function k8sEcho() {
  const cluster = await benchCluster()
  try {
    const server = await cluster.replica({ DRAGOMAN_POOL_MEMORY_MIB: '0' })
    const ours = await typistProcess(['server', server.url], KEYS, KEY_MS)
    type Pods = { items: { metadata: { name: string } }[] }
    const pods = await kubectlJson<Pods>(['get', 'pods', '-n', cluster.namespace, '-l', 'dragoman.dev/kind=session'])
    const pod = pods.items[0]?.metadata.name
    if (pod === undefined) throw new Error('Cannot measure: the session has no pod')
    const exec = `kubectl --kubeconfig ${kubeconfigPath()} exec -it -n ${cluster.namespace} ${pod} -- python3`
    const theirs = await typistProcess(['command', exec], KEYS, KEY_MS)
    const halfABeatLater = new Promise((done) => setTimeout(done, KEY_MS / 2)).then(theirs)
    const [mine, bare] = await Promise.all([ours(), halfABeatLater])
    return {
      p99Ms: round(percentile(mine, 0.99)),
      kubectlExecP99Ms: round(percentile(bare, 0.99)),
      p50Ms: round(percentile(mine, 0.5)),
      kubectlExecP50Ms: round(percentile(bare, 0.5)),
      n: KEYS,
    }
  } finally {
    await cluster.close()
  }
}
