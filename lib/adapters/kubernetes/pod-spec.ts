import type { V1Container, V1EnvVar, V1Pod, V1SecurityContext, V1Volume, V1VolumeMount } from '@kubernetes/client-node'

import { agentRepository } from '#lib/domain/agent-release.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { Foundation } from '#lib/domain/foundation.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import type { Limits } from '#lib/domain/limits.ts'
import { languageRepository } from '#lib/domain/repository.ts'

import { CLOSED_POD } from './closed-pod.ts'
import { AGENT_PORT, podLabels, type PodKind } from './pod-names.ts'

const MIB = 1024 * 1024

/** Inner ids: the agent's, where it has one of its own, and the one that all of a visitor's programs run under. */
const AGENT_ID = 0
const VISITOR_ID = 1000
/** Spawning programs as the visitor, and killing them: no more. They count in the pod's own user namespace only. */
const AGENT_CAPABILITIES = ['KILL', 'SETGID', 'SETUID']

/** Where the agent's release lies in a container, whichever way it came there. */
const AGENT_FOLDER = '/opt/dragoman-agent'
const AGENT_FILE = 'dragoman-agent'

/** What the agent may keep of its own: staged files. */
const AGENT_TMPFS_BYTES = 16 * MIB
/** The root is read-only and every place that can be written to is memory: this is for what the agent says of itself. */
const DISK_BYTES = 16 * MIB
/** What a waiting pod is reckoned at: its own pages of the agent and of an idle prompt. It may use as much as its limits say. */
const WAITING = { cpus: 0.01, memoryBytes: 48 * MIB }
/**
 * A pod ends by itself this long after its start, even if no server ever comes back: a member may wait so long for its
 * visitor, whose own time counts on top. Within it the agent ends a session at its limit.
 */
export const MEMBER_LIFE_SECONDS = 12 * 3600
/** What a node drain or an eviction gives a pod; the agent saves nothing, so nothing is gained by more. */
const GRACE_SECONDS = 1
/** The kubelet puts a file there that everybody may write, on the node's own disk; no program of a visitor gets into root's home. */
const LAST_WORDS = '/root/last-words'

/** What one cluster has, and how this house uses it. */
export type PodHouse = {
  readonly namespace: string
  /** `host[:port]` by which nodes pull. */
  readonly registry: string
  /** A folder on every node with `<version>/dragoman-agent` below it, for releases that do not come as images. */
  readonly agent: { readonly nodeFolder: string }
  /** Whether pods get user namespaces: then agent and visitor are two users, else one. */
  readonly userNamespaces: boolean
  /** One user in spite of them, where pods are held to the restricted profile: it allows no root and no capability. */
  readonly oneId?: boolean
  readonly runtimeClass?: string
  /** What a pod is reckoned at while it waits, where it is other than usual. */
  readonly requests?: Readonly<Record<string, string>>
  /** Whether the cluster has the classes `dragoman-session`, `dragoman-build` and `dragoman-pool`. */
  readonly priorityClasses: boolean
}

export type PodInputs = {
  readonly id: SandboxId
  readonly kind: PodKind
  readonly foundation: Foundation
  readonly limits: Limits
  readonly keySha256: string
  /** Of the agent's release, where the cluster mounts images as volumes. */
  readonly agentImage?: Digest
  /** The kind of pool it is started ahead for. */
  readonly ahead?: string
}

/** The pod of one sandbox, whole: a pure function of plain inputs. */
export function podSpec(inputs: PodInputs, house: PodHouse): V1Pod {
  const { id, kind, foundation, limits, ahead } = inputs
  const twoIds = house.userNamespaces && house.oneId !== true
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: id,
      namespace: house.namespace,
      labels: podLabels({ kind, id, lang: foundation.lang, ...(ahead !== undefined && { pool: ahead }) }),
    },
    spec: {
      ...CLOSED_POD,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      activeDeadlineSeconds: MEMBER_LIFE_SECONDS + Math.ceil(limits.lifeMs / 1000),
      ...(house.userNamespaces && { hostUsers: false }),
      ...(house.runtimeClass !== undefined && { runtimeClassName: house.runtimeClass }),
      ...(house.priorityClasses && { priorityClassName: priorityClass(kind, ahead) }),
      securityContext: podUser(twoIds),
      containers: [container(inputs, house, twoIds)],
      volumes: [agentVolume(inputs, house), ...places(limits).map(memoryVolume)],
    },
  }
}

/** A pod cannot change its class, so a claimed member keeps the pool's: the classes order the queue and preempt nobody. */
const priorityClass = (kind: PodKind, ahead: string | undefined) =>
  ahead !== undefined ? 'dragoman-pool' : kind === 'build' ? 'dragoman-build' : 'dragoman-session'

/** The image of a foundation, as nodes pull it. */
export function imageOf({ lang, image }: Foundation, registry: string): string {
  const repository = languageRepository(lang)
  if (!repository.ok) throw new Error(`Cannot name the image of "${lang}": ${repository.error.code}`)
  return `${registry}/${repository.value}@${image}`
}

function container({ foundation, limits, keySha256 }: PodInputs, house: PodHouse, twoIds: boolean): V1Container {
  return {
    name: 'sandbox',
    image: imageOf(foundation, house.registry),
    imagePullPolicy: 'IfNotPresent',
    command: [`${AGENT_FOLDER}/${AGENT_FILE}`],
    args: [],
    workingDir: '/',
    env: environment(keySha256, limits, twoIds),
    ports: [{ name: 'agent', containerPort: AGENT_PORT, protocol: 'TCP' }],
    securityContext: containerRights(twoIds),
    resources: {
      requests: { ...requestsOf(WAITING, limits), 'ephemeral-storage': `${MIB}`, ...house.requests },
      limits: { cpu: cpuOf(limits.cpus), memory: `${limits.memoryBytes}`, 'ephemeral-storage': `${DISK_BYTES}` },
    },
    volumeMounts: [AGENT_MOUNT, ...places(limits).map(({ name, path }) => ({ name, mountPath: path }))],
    terminationMessagePath: LAST_WORDS,
  }
}

/** Of the share of memory: processors are given back at once, so twenty sessions are well on one. See docs/operate.md. */
const CPU_SHARE = 1 / 5

/** What a pod is reckoned at that somebody has: so much of its memory, and never less than while it waited. */
export const claimedRequests = (limits: Limits, percent: number): Requests =>
  requestsOf(
    {
      cpus: Math.max(WAITING.cpus, (limits.cpus * CPU_SHARE * percent) / 100),
      memoryBytes: Math.max(WAITING.memoryBytes, Math.round((limits.memoryBytes * percent) / 100)),
    },
    limits,
  )
export type Requests = { readonly cpu: string; readonly memory: string }
type Reckoned = Pick<Limits, 'cpus' | 'memoryBytes'>

/** No cluster takes a request above its limit. */
const requestsOf = ({ cpus, memoryBytes }: Reckoned, limits: Reckoned): Requests => ({
  cpu: cpuOf(Math.min(cpus, limits.cpus)),
  memory: `${Math.min(memoryBytes, limits.memoryBytes)}`,
})

/** In thousandths, as Kubernetes writes fractions. */
const cpuOf = (cpus: number) => `${Math.round(cpus * 1000)}m`

function environment(keySha256: string, { openFiles }: Limits, twoIds: boolean): V1EnvVar[] {
  const values = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    DRAGOMAN_KEY_SHA256: keySha256,
    DRAGOMAN_PORT: `${AGENT_PORT}`,
    DRAGOMAN_OPEN_FILES: `${openFiles}`, // a pod has no limit of its own for them
    ...(!twoIds && { DRAGOMAN_ONE_ID: '1' }),
    // What the agent would otherwise set itself and start again with; see agent/main.ts.
    BUN_JSC_useConcurrentJIT: '0',
    BUN_JSC_useConcurrentGC: '0',
    BUN_JSC_numberOfGCMarkers: '1',
  }
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}

/** Root of a user namespace is nobody outside; without one there is a single id that is nobody anywhere. */
const podUser = (twoIds: boolean) => ({
  ...(twoIds
    ? { runAsUser: AGENT_ID, runAsGroup: AGENT_ID }
    : { runAsUser: VISITOR_ID, runAsGroup: VISITOR_ID, runAsNonRoot: true }),
  seccompProfile: { type: 'RuntimeDefault' },
})

const containerRights = (twoIds: boolean): V1SecurityContext => ({
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'], ...(twoIds && { add: AGENT_CAPABILITIES }) },
})

/** Every place that can be written to; each is memory, has a size, and counts as the sandbox's own. */
const places = (limits: Limits) => [
  { name: 'home', path: '/home/visitor', bytes: limits.homeBytes },
  { name: 'tmp', path: '/tmp', bytes: limits.tmpBytes },
  { name: 'shm', path: '/dev/shm', bytes: limits.tmpBytes },
  { name: 'run', path: '/run/dragoman', bytes: AGENT_TMPFS_BYTES },
]

const memoryVolume = ({ name, bytes }: { name: string; bytes: number }): V1Volume => ({
  name,
  emptyDir: { medium: 'Memory', sizeLimit: `${bytes}` },
})

/** Never a copy of its own: its 109 MB are one file on a node, whose pages all sandboxes there share. */
const agentVolume = ({ foundation, agentImage }: PodInputs, { registry, agent }: PodHouse): V1Volume =>
  agentImage === undefined
    ? { name: 'agent', hostPath: { path: `${agent.nodeFolder}/${foundation.agent}`, type: 'Directory' } }
    : { name: 'agent', image: { reference: `${registry}/${agentRepository}@${agentImage}`, pullPolicy: 'IfNotPresent' } }

const AGENT_MOUNT: V1VolumeMount = { name: 'agent', mountPath: AGENT_FOLDER, readOnly: true }
