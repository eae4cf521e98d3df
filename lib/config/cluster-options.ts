import { hostAndPort, kubernetesName, oneOf, replicaName, text, whole, yesNo } from './kinds.ts'
import { fixed, optional } from './option.ts'

/** What a server on a cluster must know; the others have no use for it. */
export const CLUSTER_OPTIONS = {
  sandboxes: fixed(
    'sandboxes',
    oneOf(['machine', 'pods']),
    'machine',
    'Where sessions run: on this machine, or as pods of a Kubernetes cluster, see docs/operate.md.',
  ),
  replica: optional(
    'replica',
    replicaName,
    "Name of this server among those that share a database. Without it, the host's name.",
  ),
  kubeconfig: optional(
    'kubeconfig',
    text('a path'),
    "How to reach the cluster's API. Without it, by the service account of the pod that the server is in.",
  ),
  sessionsNamespace: fixed('sessions-namespace', kubernetesName, 'dragoman-sessions', 'Namespace for the pods of sessions.'),
  buildsNamespace: fixed('builds-namespace', kubernetesName, 'dragoman-builds', 'Namespace for the pods of builds.'),
  agentCache: fixed(
    'agent-cache',
    text('a path'),
    '/var/lib/dragoman/agents',
    'Folder on every node where releases of the agent lie, each in a folder named by its version.',
  ),
  agentVolume: fixed(
    'agent-volume',
    oneOf(['auto', 'image', 'node']),
    'auto',
    'Where pods have the agent from: its image as a volume, DRAGOMAN_AGENT_CACHE of the node, or what the cluster can.',
  ),
  imageRegistry: optional(
    'image-registry',
    hostAndPort,
    'Registry as nodes know it, to pull images from, when it is another address than DRAGOMAN_REGISTRY_URL.',
  ),
  runtimeClass: optional(
    'runtime-class',
    kubernetesName,
    "RuntimeClass of sandboxes' pods; without it, the cluster's usual one.",
  ),
  claimedPercent: fixed(
    'claimed-percent',
    whole(0, 90),
    '25',
    "What a session's pod is reckoned at, of its language's memory, where the cluster lets pods grow; 0: as while it waited.",
  ),
  hostUsers: fixed(
    'host-users',
    oneOf(['auto', 'true', 'false']),
    'auto',
    "Whether pods share the node's user ids: auto gives each its own where the cluster can.",
  ),
  unenforcedNetwork: fixed(
    'unenforced-network',
    yesNo,
    'false',
    'Serves sessions although the cluster does not enforce network policies, so that they reach whatever pods can.',
  ),
} as const
