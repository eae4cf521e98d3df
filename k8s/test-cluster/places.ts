import { join } from 'node:path'

import { TOP } from '../../cli/setup/stamps.ts'

/** One such cluster fits on a machine: its addresses and ports are fixed. */
export const NODE = { name: 'node1', address: '10.99.0.1', link: 'test-cluster0' } as const
export const PODS_CIDR = '10.244.0.0/24'
export const SERVICES_CIDR = '10.96.0.0/16'
/** The API server's own address among the services: always the first. */
export const API_SERVICE_ADDRESS = '10.96.0.1'
/** Plain HTTP, under the same name for this machine and for containerd; pods find it at the node's address. */
export const REGISTRY = 'localhost:5000'
/** What a container's group of processes hangs below. */
export const PAUSE_IMAGE = `${REGISTRY}/pause:1`

export type Places = {
  /** What was built, kept by `down`. */
  readonly bin: string
  /** All that a running cluster writes; it goes with it. */
  readonly run: string
  readonly pki: string
  readonly cni: string
  readonly containerd: string
  readonly containerdSocket: string
  readonly etcd: string
  readonly kubelet: string
  readonly registry: string
  /** The administrator's way in. */
  readonly kubeconfig: string
}

/** `TEST_CLUSTER_DIR` moves it, so that several checkouts share what was built. */
export function placesHere(): Places {
  const dir = process.env.TEST_CLUSTER_DIR ?? join(TOP, '.dragoman', 'test-cluster')
  const run = join(dir, 'run')
  const inRun = (name: string) => join(run, name)
  return {
    bin: join(dir, 'bin'),
    run,
    pki: inRun('pki'),
    cni: inRun('cni'),
    containerd: inRun('containerd'),
    containerdSocket: inRun('containerd.sock'),
    etcd: inRun('etcd'),
    kubelet: inRun('kubelet'),
    registry: inRun('registry'),
    kubeconfig: inRun('admin.kubeconfig'),
  }
}
