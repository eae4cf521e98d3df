import { join } from 'node:path'

import { NODE, PAUSE_IMAGE, type Places, PODS_CIDR, REGISTRY } from './places.ts'

/** The files that the parts read, by their names in the folder of the run. JSON where the part reads YAML. */
export function settingsFiles(places: Places): Readonly<Record<string, string>> {
  return {
    'registry.yml': JSON.stringify(registrySettings(places, '127.0.0.1')),
    'pods-registry.yml': JSON.stringify(registrySettings(places, NODE.address)),
    'containerd.toml': containerdSettings(places),
    'cni/10-pods.conflist': JSON.stringify(podNetwork(places)),
    'kubelet.yaml': JSON.stringify(kubeletSettings(places)),
  }
}

/** The same folder is served twice: where this machine and its node find it, and where pods do. Nobody else shall. */
const registrySettings = ({ registry }: Places, host: string) => ({
  version: 0.1,
  log: { accesslog: { disabled: true }, level: 'warn' },
  storage: { filesystem: { rootdirectory: registry }, delete: { enabled: true } },
  http: { addr: `${host}:5000` },
})

/** `restrict_oom_score_adj`: without CAP_SYS_RESOURCE runc cannot lower oom_score_adj, and no pod would start. */
const containerdSettings = ({ containerd, run, containerdSocket, cni }: Places) => `version = 2
root = "${containerd}"
state = "${join(run, 'containerd-state')}"
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${join(run, 'opt')}"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "${PAUSE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${cni}"
  [plugins."io.containerd.grpc.v1.cri".registry.mirrors."${REGISTRY}"]
    endpoint = ["http://${REGISTRY}"]
`

/**
 * Each pod has a wire of its own to this machine and nothing beside it on the same link: whatever it sends is routed, so that
 * the enforcer's rules see it. IPv6 is off in pods, whose link-local addresses would go around those rules.
 */
const podNetwork = ({ run }: Places) => ({
  cniVersion: '0.4.0',
  name: 'test-cluster',
  plugins: [
    {
      type: 'ptp',
      ipMasq: true,
      ipam: {
        type: 'host-local',
        dataDir: join(run, 'addresses'),
        ranges: [[{ subnet: PODS_CIDR }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'tuning', sysctl: { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
})

/** Processes that one pod may have: twice what a session may. */
const POD_PIDS_MAX = 512
const PODS_MAX = 200

const kubeletSettings = ({ pki, run }: Places) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: { x509: { clientCAFile: join(pki, 'ca.crt') }, anonymous: { enabled: false }, webhook: { enabled: true } },
  authorization: { mode: 'Webhook' },
  tlsCertFile: join(pki, 'kubelet.crt'),
  tlsPrivateKeyFile: join(pki, 'kubelet.key'),
  volumePluginDir: join(run, 'volume-plugins'),
  cgroupDriver: 'cgroupfs',
  failSwapOn: false,
  resolvConf: '/etc/resolv.conf',
  maxPods: PODS_MAX,
  podPidsLimit: POD_PIDS_MAX,
  // tmpfs volumes have the size that the pod says; off by default before 1.22.
  featureGates: { SizeMemoryBackedVolumes: true },
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '2%', 'imagefs.available': '2%' },
  // What a pod uses of the disk is looked at so often: a test waits for what follows.
  volumeStatsAggPeriod: '5s',
  // The defaults, 5 and 10 requests a second, are the slowest part of a burst of pods.
  kubeAPIQPS: 100,
  kubeAPIBurst: 200,
  eventRecordQPS: 0,
  serializeImagePulls: false,
  nodeStatusUpdateFrequency: '5s',
})
