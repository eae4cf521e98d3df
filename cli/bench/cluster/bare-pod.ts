import { randomBytes } from 'node:crypto'

import { testWorld } from '../../../k8s/test-cluster/world.ts'
import { kubeconfigPath } from '../../../k8s/test-cluster/kubectl.ts'

const LOOK_MS = 10
const READY_MS_MAX = 60_000

/** The baseline of a cold start: a pod with nothing but `python3` at its prompt, from the create call to the cluster's Ready, in ms. */
export async function barePods(namespace: string) {
  const { CoreV1Api, KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromFile(kubeconfigPath())
  const api = config.makeApiClient(CoreV1Api)
  const { registryUrl, images } = testWorld()
  const image = `${new URL(registryUrl).host}/lang/python@${images.python}`

  return async (): Promise<number> => {
    const name = `bare-${randomBytes(4).toString('hex')}`
    const container = { name: 'python', image, command: ['python3', '-i'], stdin: true, tty: true }
    const from = performance.now()
    await api.createNamespacedPod({
      namespace,
      body: {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { 'dragoman.dev/kind': 'bench' } } },
        spec: { containers: [container], restartPolicy: 'Never', automountServiceAccountToken: false, enableServiceLinks: false },
      },
    })
    const isReady = async () => {
      const { status } = await api.readNamespacedPod({ namespace, name })
      return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
    }
    while (!(await isReady())) {
      if (performance.now() > from + READY_MS_MAX) throw new Error(`Cannot measure: the pod ${name} is not ready`)
      await new Promise((done) => setTimeout(done, LOOK_MS))
    }
    const ms = performance.now() - from
    await api.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 })
    return ms
  }
}
