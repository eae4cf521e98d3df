import type { V1Pod } from '@kubernetes/client-node'
import { expect, test } from 'vitest'

import type { Digest } from '#lib/domain/digest.ts'
import type { LangId, SandboxId } from '#lib/domain/ids.ts'
import { DEFAULT_LIMITS, LIMITS_MAX } from '#lib/domain/limits.ts'

import { podLabels, selectorOf } from './pod-names.ts'
import { podSpec, type PodHouse, type PodInputs } from './pod-spec.ts'

const house: PodHouse = {
  namespace: 'dragoman-sessions',
  registry: 'registry.example:5000',
  agent: { nodeFolder: '/var/lib/dragoman/agents' },
  userNamespaces: false,
  priorityClasses: false,
}
const inputs: PodInputs = {
  id: 'sb0123456789abcdef0123' as SandboxId,
  kind: 'session',
  foundation: { lang: 'c++' as LangId, image: `sha256:${'ab'.repeat(32)}` as Digest, agent: '1.2.3' },
  limits: DEFAULT_LIMITS,
  keySha256: 'cd'.repeat(32),
}
const containerOf = (pod: V1Pod) => pod.spec!.containers[0]!

test('a pod is the value of its inputs', () => {
  expect(podSpec(inputs, house)).toMatchInlineSnapshot(`
    {
      "apiVersion": "v1",
      "kind": "Pod",
      "metadata": {
        "labels": {
          "app.kubernetes.io/part-of": "dragoman",
          "dragoman.dev/kind": "session",
          "dragoman.dev/lang": "c-plus-plus",
          "dragoman.dev/sandbox": "sb0123456789abcdef0123",
        },
        "name": "sb0123456789abcdef0123",
        "namespace": "dragoman-sessions",
      },
      "spec": {
        "activeDeadlineSeconds": 46800,
        "automountServiceAccountToken": false,
        "containers": [
          {
            "args": [],
            "command": [
              "/opt/dragoman-agent/dragoman-agent",
            ],
            "env": [
              {
                "name": "PATH",
                "value": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
              },
              {
                "name": "DRAGOMAN_KEY_SHA256",
                "value": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
              },
              {
                "name": "DRAGOMAN_PORT",
                "value": "7117",
              },
              {
                "name": "DRAGOMAN_OPEN_FILES",
                "value": "1024",
              },
              {
                "name": "DRAGOMAN_ONE_ID",
                "value": "1",
              },
              {
                "name": "BUN_JSC_useConcurrentJIT",
                "value": "0",
              },
              {
                "name": "BUN_JSC_useConcurrentGC",
                "value": "0",
              },
              {
                "name": "BUN_JSC_numberOfGCMarkers",
                "value": "1",
              },
            ],
            "image": "registry.example:5000/lang/c-plus-plus@sha256:abababababababababababababababababababababababababababababababab",
            "imagePullPolicy": "IfNotPresent",
            "name": "sandbox",
            "ports": [
              {
                "containerPort": 7117,
                "name": "agent",
                "protocol": "TCP",
              },
            ],
            "resources": {
              "limits": {
                "cpu": "1000m",
                "ephemeral-storage": "16777216",
                "memory": "536870912",
              },
              "requests": {
                "cpu": "10m",
                "ephemeral-storage": "1048576",
                "memory": "50331648",
              },
            },
            "securityContext": {
              "allowPrivilegeEscalation": false,
              "capabilities": {
                "drop": [
                  "ALL",
                ],
              },
              "privileged": false,
              "readOnlyRootFilesystem": true,
            },
            "terminationMessagePath": "/root/last-words",
            "volumeMounts": [
              {
                "mountPath": "/opt/dragoman-agent",
                "name": "agent",
                "readOnly": true,
              },
              {
                "mountPath": "/home/visitor",
                "name": "home",
              },
              {
                "mountPath": "/tmp",
                "name": "tmp",
              },
              {
                "mountPath": "/dev/shm",
                "name": "shm",
              },
              {
                "mountPath": "/run/dragoman",
                "name": "run",
              },
            ],
            "workingDir": "/",
          },
        ],
        "dnsConfig": {
          "nameservers": [
            "127.0.0.1",
          ],
        },
        "dnsPolicy": "None",
        "enableServiceLinks": false,
        "hostname": "dragoman",
        "restartPolicy": "Never",
        "securityContext": {
          "runAsGroup": 1000,
          "runAsNonRoot": true,
          "runAsUser": 1000,
          "seccompProfile": {
            "type": "RuntimeDefault",
          },
        },
        "terminationGracePeriodSeconds": 1,
        "volumes": [
          {
            "hostPath": {
              "path": "/var/lib/dragoman/agents/1.2.3",
              "type": "Directory",
            },
            "name": "agent",
          },
          {
            "emptyDir": {
              "medium": "Memory",
              "sizeLimit": "268435456",
            },
            "name": "home",
          },
          {
            "emptyDir": {
              "medium": "Memory",
              "sizeLimit": "67108864",
            },
            "name": "tmp",
          },
          {
            "emptyDir": {
              "medium": "Memory",
              "sizeLimit": "67108864",
            },
            "name": "shm",
          },
          {
            "emptyDir": {
              "medium": "Memory",
              "sizeLimit": "16777216",
            },
            "name": "run",
          },
        ],
      },
    }
  `)
})

test('where there are user namespaces, agent and programs are two users of one', () => {
  const pod = podSpec(inputs, { ...house, userNamespaces: true })

  expect(pod.spec).toMatchObject({ hostUsers: false, securityContext: { runAsUser: 0, runAsGroup: 0 } })
  expect(pod.spec?.securityContext?.runAsNonRoot).toBeUndefined()
  expect(containerOf(pod).securityContext?.capabilities).toEqual({ drop: ['ALL'], add: ['KILL', 'SETGID', 'SETUID'] })
  expect(containerOf(pod).env?.map(({ name }) => name)).not.toContain('DRAGOMAN_ONE_ID')
})

test('without them nothing in the pod has any right over another', () => {
  const pod = podSpec(inputs, house)

  expect(pod.spec).not.toHaveProperty('hostUsers')
  expect(pod.spec?.securityContext).toMatchObject({ runAsUser: 1000, runAsNonRoot: true })
  expect(containerOf(pod).securityContext?.capabilities).toEqual({ drop: ['ALL'] })
  expect(containerOf(pod).env).toContainEqual({ name: 'DRAGOMAN_ONE_ID', value: '1' })
})

test('the agent comes from the node or as an image, and is never copied', () => {
  const agentImage = `sha256:${'ef'.repeat(32)}` as Digest
  const agentVolume = (pod: V1Pod) => pod.spec?.volumes?.find(({ name }) => name === 'agent')

  expect(agentVolume(podSpec(inputs, house))).toEqual({
    name: 'agent',
    hostPath: { path: '/var/lib/dragoman/agents/1.2.3', type: 'Directory' },
  })
  const asImage = podSpec({ ...inputs, agentImage }, house)
  expect(agentVolume(asImage)).toEqual({
    name: 'agent',
    image: { reference: `registry.example:5000/agent@${agentImage}`, pullPolicy: 'IfNotPresent' },
  })
  expect(containerOf(asImage).volumeMounts?.[0]).toMatchObject({ mountPath: '/opt/dragoman-agent', readOnly: true })
})

test('held to the restricted profile, a pod has one user in spite of its user namespace', () => {
  const pod = podSpec(inputs, { ...house, userNamespaces: true, oneId: true })

  expect(pod.spec).toMatchObject({ hostUsers: false, securityContext: { runAsUser: 1000, runAsNonRoot: true } })
  expect(containerOf(pod).securityContext?.capabilities).toEqual({ drop: ['ALL'] })
  expect(containerOf(pod).env).toContainEqual({ name: 'DRAGOMAN_ONE_ID', value: '1' })
})

test('a language has its own numbers, up to four processors and eight gigabytes', () => {
  const GIB = 1024 ** 3
  const own = { homeBytes: 2 * GIB, tmpBytes: GIB, openFiles: 4096, lifeMs: 90_500 }
  const pod = podSpec({ ...inputs, limits: { ...DEFAULT_LIMITS, ...LIMITS_MAX, ...own } }, house)

  expect(containerOf(pod).resources?.limits).toMatchObject({ cpu: '4000m', memory: `${8 * GIB}` })
  const memory = (name: string, bytes: number) => ({ name, emptyDir: { medium: 'Memory', sizeLimit: `${bytes}` } })
  expect(pod.spec?.volumes?.slice(1, 4)).toEqual([memory('home', 2 * GIB), memory('tmp', GIB), memory('shm', GIB)])
  expect(containerOf(pod).env).toContainEqual({ name: 'DRAGOMAN_OPEN_FILES', value: '4096' })
  expect(pod.spec?.activeDeadlineSeconds).toBe(12 * 3600 + 91)
})

test('a language with little memory is not reckoned at more than it may have', () => {
  const pod = podSpec({ ...inputs, limits: { ...DEFAULT_LIMITS, memoryBytes: 32 * 1024 ** 2, cpus: 0.1 } }, house)

  expect(containerOf(pod).resources).toMatchObject({
    requests: { cpu: '10m', memory: `${32 * 1024 ** 2}` },
    limits: { cpu: '100m', memory: `${32 * 1024 ** 2}` },
  })
})

test('who is waited for comes before a build, and a build before what is started ahead', () => {
  const classOf = (over: Partial<PodInputs>) =>
    podSpec({ ...inputs, ...over }, { ...house, priorityClasses: true }).spec?.priorityClassName

  expect(classOf({})).toBe('dragoman-session')
  expect(classOf({ kind: 'build' })).toBe('dragoman-build')
  expect(classOf({ ahead: 'python' })).toBe('dragoman-pool')
  expect(podSpec(inputs, house).spec).not.toHaveProperty('priorityClassName')
})

test('a runtime class is an option', () => {
  expect(podSpec(inputs, { ...house, runtimeClass: 'gvisor' }).spec?.runtimeClassName).toBe('gvisor')
  expect(podSpec(inputs, house).spec).not.toHaveProperty('runtimeClassName')
})

test('labels say whose a pod is, and while nobody claimed it, of which pool', () => {
  const { id } = inputs

  expect(podLabels({ kind: 'session', id, lang: 'c++' as LangId, pool: 'c++' })).toEqual({
    'app.kubernetes.io/part-of': 'dragoman',
    'dragoman.dev/kind': 'session',
    'dragoman.dev/sandbox': id,
    'dragoman.dev/lang': 'c-plus-plus',
    'dragoman.dev/pool': 'c-plus-plus',
  })
  expect(podLabels({ kind: 'probe', id, pool: '' })).toMatchObject({ 'dragoman.dev/pool': 'plain' })
  expect(selectorOf('session')).toBe('app.kubernetes.io/part-of=dragoman,dragoman.dev/kind=session')
})
