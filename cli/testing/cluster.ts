import { existsSync } from 'node:fs'

import { makePrograms } from '../../k8s/test-cluster/build.ts'
import { takeDown } from '../../k8s/test-cluster/down.ts'
import { leftOnMachine } from '../../k8s/test-cluster/left.ts'
import { placesHere } from '../../k8s/test-cluster/places.ts'
import { bringUp } from '../../k8s/test-cluster/up.ts'

/** Where k3s leaves its administrator's way in. */
const K3S_KUBECONFIG = '/etc/rancher/k3s/k3s.yaml'

export type Cluster = {
  readonly name: string
  readonly kubeconfig: string
  /** Ends what we started; may be called again. */
  stop(): Promise<void>
  /** What is left of it on this machine after that. */
  left(): Promise<string[]>
}

/** The cluster that somebody named, k3s where it runs, else one of our own for as long as it takes. */
export async function someCluster(say: (line: string) => void): Promise<Cluster> {
  const theirs = { stop: async () => undefined, left: async () => [] }
  const named = process.env.KUBECONFIG
  if (named) return { name: 'of $KUBECONFIG', kubeconfig: named, ...theirs }
  if (existsSync(K3S_KUBECONFIG)) return { name: 'k3s', kubeconfig: K3S_KUBECONFIG, ...theirs }
  const places = placesHere()
  await makePrograms(places, say)
  await bringUp(places)
  const left = () => leftOnMachine(places)
  return { name: 'our own', kubeconfig: places.kubeconfig, stop: () => takeDown(places), left }
}
