import { join } from 'node:path'

import { NODE, type Places, PODS_CIDR, REGISTRY, SERVICES_CIDR } from './places.ts'

export type Program = { readonly name: string; readonly command: string; readonly args: readonly string[] }

const ETCD = 'http://127.0.0.1:2379'
export const ANSWERS = { etcd: `${ETCD}/health`, registry: `http://${REGISTRY}/v2/` } as const

/** Everything that runs, in the order in which it is started. */
export function programs(places: Places) {
  const { run, bin, pki } = places
  const at = (name: string) => join(run, name)
  const key = (name: string) => join(pki, name)
  return {
    registry: { name: 'registry', command: 'docker-registry', args: ['serve', at('registry.yml')] },
    podsRegistry: { name: 'pods-registry', command: 'docker-registry', args: ['serve', at('pods-registry.yml')] },
    containerd: { name: 'containerd', command: 'containerd', args: ['-c', at('containerd.toml')] },
    etcd: {
      name: 'etcd',
      command: 'etcd',
      args: [
        `--data-dir=${places.etcd}`,
        `--listen-client-urls=${ETCD}`,
        `--advertise-client-urls=${ETCD}`,
        '--listen-peer-urls=http://127.0.0.1:2380',
      ],
    },
    apiserver: {
      name: 'kube-apiserver',
      command: join(bin, 'kube-apiserver'),
      args: [
        `--etcd-servers=${ETCD}`,
        '--bind-address=0.0.0.0',
        `--advertise-address=${NODE.address}`,
        '--secure-port=6443',
        '--insecure-port=0',
        `--tls-cert-file=${key('apiserver.crt')}`,
        `--tls-private-key-file=${key('apiserver.key')}`,
        `--client-ca-file=${key('ca.crt')}`,
        `--service-account-key-file=${key('sa.pub')}`,
        `--service-account-signing-key-file=${key('sa.key')}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-cluster-ip-range=${SERVICES_CIDR}`,
        '--authorization-mode=Node,RBAC',
        '--allow-privileged=true',
        `--kubelet-client-certificate=${key('apiserver-client.crt')}`,
        `--kubelet-client-key=${key('apiserver-client.key')}`,
        '--kubelet-preferred-address-types=InternalIP',
      ],
    },
    controllers: {
      name: 'kube-controller-manager',
      command: join(bin, 'kube-controller-manager'),
      args: [
        `--kubeconfig=${places.kubeconfig}`,
        `--service-account-private-key-file=${key('sa.key')}`,
        `--root-ca-file=${key('ca.crt')}`,
        '--use-service-account-credentials=true',
        `--cluster-signing-cert-file=${key('ca.crt')}`,
        `--cluster-signing-key-file=${key('ca.key')}`,
        '--kube-api-qps=100',
        '--kube-api-burst=200',
        '--leader-elect=false',
      ],
    },
    scheduler: {
      name: 'kube-scheduler',
      command: join(bin, 'kube-scheduler'),
      args: [`--kubeconfig=${places.kubeconfig}`, '--kube-api-qps=200', '--kube-api-burst=400', '--leader-elect=false'],
    },
    kubelet: {
      name: 'kubelet',
      command: join(bin, 'kubelet'),
      args: [
        `--kubeconfig=${at('kubelet.kubeconfig')}`,
        `--config=${at('kubelet.yaml')}`,
        '--container-runtime=remote',
        `--container-runtime-endpoint=unix://${places.containerdSocket}`,
        `--hostname-override=${NODE.name}`,
        `--node-ip=${NODE.address}`,
        `--root-dir=${places.kubelet}`,
      ],
    },
    proxy: {
      name: 'kube-proxy',
      command: join(bin, 'kube-proxy'),
      args: [
        `--kubeconfig=${at('proxy.kubeconfig')}`,
        `--hostname-override=${NODE.name}`,
        `--cluster-cidr=${PODS_CIDR}`,
        '--conntrack-max-per-core=0',
        '--metrics-bind-address=127.0.0.1',
      ],
    },
    enforcer: {
      name: 'enforcer',
      command: process.execPath,
      args: [join(import.meta.dirname, 'enforcer', 'main.ts'), places.kubeconfig],
    },
  } as const satisfies Record<string, Program>
}
