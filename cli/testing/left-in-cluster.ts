import { setTimeout } from 'node:timers/promises'

import { kubectlJson } from '../../k8s/test-cluster/kubectl.ts'
import { TEST_LABEL } from '../../k8s/test-cluster/own-namespace.ts'

/** Objects that end go through several hands. */
const GONE_MS_MAX = 60_000
const POLL_MS = 500

type Objects = { readonly items: readonly { readonly metadata: { readonly name: string; readonly namespace?: string } }[] }

/** What tests made in the cluster and is there still, when it has had time to go: their namespaces, and pods anywhere. */
export async function leftInCluster(): Promise<string[]> {
  const deadline = performance.now() + GONE_MS_MAX
  for (;;) {
    const namespaces = await kubectlJson<Objects>(['get', 'namespaces', '-l', TEST_LABEL])
    const pods = await kubectlJson<Objects>(['get', 'pods', '-A', '-l', 'app.kubernetes.io/part-of=dragoman'])
    const left = [
      ...namespaces.items.map(({ metadata }) => `namespace ${metadata.name}`),
      ...pods.items.map(({ metadata }) => `pod ${metadata.namespace}/${metadata.name}`),
    ]
    if (left.length === 0 || performance.now() > deadline) return left
    await setTimeout(POLL_MS)
  }
}
