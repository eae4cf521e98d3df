import type { V1Container, V1Pod, V1PodSpec } from '@kubernetes/client-node'
import { expect, test } from 'vitest'

import type { Digest } from '#lib/domain/digest.ts'
import type { LangId, SandboxId } from '#lib/domain/ids.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { buildPodSpec } from './builds/build-pod-spec.ts'
import { podSpec, type PodHouse, type PodInputs } from './pod-spec.ts'

type Control = readonly [name: string, isKept: (pod: V1PodSpec) => boolean]

const containers = ({ containers, initContainers = [], ephemeralContainers = [] }: V1PodSpec): readonly V1Container[] => [
  ...[...containers, ...initContainers],
  ...(ephemeralContainers as readonly V1Container[]), // they differ in nothing that is asked here
]
const each = (pod: V1PodSpec, isKept: (container: V1Container) => boolean) => containers(pod).every(isKept)
/** What both a pod and its containers may say of themselves. */
const contexts = (pod: V1PodSpec) => [pod.securityContext, ...containers(pod).map(({ securityContext }) => securityContext)]
const seccomp = (pod: V1PodSpec) => contexts(pod).map((context) => context?.seccompProfile?.type)
const handlers = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: V1Container) =>
  [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((handler) => handler ?? [])

const CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(' '),
)
const SELINUX_TYPES = new Set([undefined, '', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'])
const VOLUMES = new Set(
  'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' '), // images since 1.33
)

/** The controls of the Pod Security Standards, by their names there. */
const BASELINE: readonly Control[] = [
  ['HostProcess', (pod) => contexts(pod).every((context) => !context?.windowsOptions?.hostProcess)],
  ['Host Namespaces', ({ hostNetwork, hostPID, hostIPC }) => !hostNetwork && !hostPID && !hostIPC],
  ['Privileged Containers', (pod) => each(pod, ({ securityContext }) => !securityContext?.privileged)],
  ['Capabilities', (pod) => each(pod, ({ securityContext }) => added(securityContext).every((name) => CAPABILITIES.has(name)))],
  ['HostPath Volumes', ({ volumes = [] }) => volumes.every(({ hostPath }) => hostPath === undefined)],
  ['Host Ports', (pod) => each(pod, ({ ports = [] }) => ports.every(({ hostPort }) => !hostPort))],
  [
    'Host Probes / Lifecycle Hooks',
    (pod) => each(pod, (container) => handlers(container).every(({ httpGet, tcpSocket }) => !httpGet?.host && !tcpSocket?.host)),
  ],
  ['AppArmor', (pod) => contexts(pod).every((context) => context?.appArmorProfile?.type !== 'Unconfined')],
  [
    'SELinux',
    (pod) =>
      contexts(pod).every((context) => {
        const { type, user, role } = context?.seLinuxOptions ?? {}
        return SELINUX_TYPES.has(type) && !user && !role
      }),
  ],
  ['/proc Mount Type', (pod) => each(pod, ({ securityContext }) => (securityContext?.procMount ?? 'Default') === 'Default')],
  ['Seccomp', (pod) => seccomp(pod).every((type) => type !== 'Unconfined')],
  ['Sysctls', ({ securityContext }) => (securityContext?.sysctls ?? []).length === 0],
]

const RESTRICTED: readonly Control[] = [
  ...BASELINE,
  [
    'Volume Types',
    ({ volumes = [] }) => volumes.every((volume) => Object.keys(volume).every((type) => type === 'name' || VOLUMES.has(type))),
  ],
  ['Privilege Escalation', (pod) => each(pod, ({ securityContext }) => securityContext?.allowPrivilegeEscalation === false)],
  [
    'Running as Non-root',
    (pod) => each(pod, ({ securityContext: own }) => (own?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) === true),
  ],
  ['Running as Non-root user', (pod) => contexts(pod).every((context) => context?.runAsUser !== 0)],
  [
    'Seccomp, said',
    (pod) => {
      const [ofPod, ...ofContainers] = seccomp(pod)
      return ofContainers.every((own) => ['RuntimeDefault', 'Localhost'].includes(own ?? ofPod ?? ''))
    },
  ],
  [
    'Capabilities, dropped',
    (pod) =>
      each(pod, ({ securityContext }) => {
        const isDropped = securityContext?.capabilities?.drop?.includes('ALL') ?? false
        return isDropped && added(securityContext).every((name) => name === 'NET_BIND_SERVICE')
      }),
  ],
]

const added = (context: V1Container['securityContext']) => context?.capabilities?.add ?? []

const broken = (profile: readonly Control[], { spec }: V1Pod) =>
  profile.flatMap(([name, isKept]) => (spec && isKept(spec) ? [] : [name]))

const house: PodHouse = {
  ...{ namespace: 'sessions', registry: 'registry.example', agent: { nodeFolder: '/agents' }, runtimeClass: 'gvisor' },
  ...{ userNamespaces: true, oneId: true, priorityClasses: true },
}
const image = `sha256:${'ab'.repeat(32)}` as Digest
const inputs: PodInputs = {
  ...{ id: 'sb0123456789abcdef0123' as SandboxId, kind: 'session', limits: DEFAULT_LIMITS, keySha256: 'cd'.repeat(32) },
  ...{ foundation: { lang: 'python' as LangId, image, agent: '1' }, agentImage: image },
}

test.each(['session', 'probe'] as const)(
  'a pod of a %s with the agent as an image keeps all of the restricted profile',
  (kind) => {
    expect(broken(RESTRICTED, podSpec({ ...inputs, kind, ahead: 'python' }, house))).toEqual([])
    expect(broken(RESTRICTED, podSpec({ ...inputs, kind }, { ...house, userNamespaces: false }))).toEqual([])
  },
)

test('with the agent from the node it breaks it by that one folder, for which an admission policy stands in', () => {
  const { agentImage: _, ...fromNode } = inputs
  expect(broken(RESTRICTED, podSpec(fromNode, house))).toEqual(['HostPath Volumes', 'Volume Types'])
})

test('an agent with an id of its own needs what only a user namespace makes harmless, and keeps to the baseline', () => {
  const pod = podSpec(inputs, { ...house, oneId: false })
  expect(pod.spec?.hostUsers).toBe(false)
  expect(broken(BASELINE, pod)).toEqual([])
  expect(broken(RESTRICTED, pod)).toEqual(['Running as Non-root', 'Running as Non-root user', 'Capabilities, dropped'])
})

test('a pod of a build keeps to the baseline: it is root of its own files, and package managers change their owners', () => {
  const limits = { cpus: 1, memoryBytes: 2 ** 30, processes: 512, timeMs: 1000 }
  const pod = buildPodSpec({ name: 'b1', image: 'base', limits, keySha256: 'cd'.repeat(32) }, { ...house, namespace: 'builds' })
  expect(broken(BASELINE, pod)).toEqual([])
  expect(broken(RESTRICTED, pod)).toEqual(['Running as Non-root', 'Running as Non-root user', 'Capabilities, dropped'])
})

test('each control tells a pod that breaks it', () => {
  const [container] = podSpec(inputs, house).spec?.containers ?? []
  const worst = {
    spec: {
      ...{ hostNetwork: true, volumes: [{ name: 'node', hostPath: { path: '/' } }] },
      securityContext: {
        ...{ windowsOptions: { hostProcess: true }, appArmorProfile: { type: 'Unconfined' } },
        ...{ seLinuxOptions: { role: 'system' }, sysctls: [{ name: 'kernel.msgmax', value: '1' }] },
      },
      containers: [
        {
          ...container,
          ...{ name: 'worst', ports: [{ containerPort: 1, hostPort: 1 }], livenessProbe: { tcpSocket: { port: 1, host: 'x' } } },
          securityContext: {
            ...{ privileged: true, procMount: 'Unmasked', runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] } },
            seccompProfile: { type: 'Unconfined' },
          },
        },
      ],
    },
  } satisfies V1Pod
  expect(broken(RESTRICTED, worst)).toEqual(RESTRICTED.map(([name]) => name))
})
