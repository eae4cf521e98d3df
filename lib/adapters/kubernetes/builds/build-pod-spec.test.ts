import { expect, test } from 'vitest'

import type { AttemptKey } from '#lib/domain/build.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { buildPodName, buildPodSpec } from './build-pod-spec.ts'

const house = { namespace: 'dragoman-builds', userNamespaces: false, priorityClasses: false }
const attempt: AttemptKey = { build: 'b0123456789abcdef' as BuildId, step: 'package', number: 2 }
const inputs = {
  name: buildPodName(attempt),
  attempt,
  image: 'registry.example:5000/runner@sha256:ab',
  limits: { cpus: 2, memoryBytes: 1024 ** 3, processes: 2048, timeMs: 600_000 },
  keySha256: 'cd'.repeat(32),
}

test('the pod of an attempt is the value of its inputs', () => {
  expect(buildPodSpec(inputs, house)).toMatchInlineSnapshot(`
    {
      "apiVersion": "v1",
      "kind": "Pod",
      "metadata": {
        "labels": {
          "app.kubernetes.io/part-of": "dragoman",
          "dragoman.dev/attempt": "2",
          "dragoman.dev/build": "b0123456789abcdef",
          "dragoman.dev/kind": "build",
          "dragoman.dev/step": "package",
        },
        "name": "b0123456789abcdef-package-2",
        "namespace": "dragoman-builds",
      },
      "spec": {
        "activeDeadlineSeconds": 2400,
        "automountServiceAccountToken": false,
        "containers": [
          {
            "args": [],
            "command": [
              "/dragoman-runner",
            ],
            "env": [
              {
                "name": "DRAGOMAN_KEY_SHA256",
                "value": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
              },
            ],
            "image": "registry.example:5000/runner@sha256:ab",
            "imagePullPolicy": "IfNotPresent",
            "name": "recipe",
            "ports": [
              {
                "containerPort": 7117,
                "name": "runner",
                "protocol": "TCP",
              },
            ],
            "resources": {
              "limits": {
                "cpu": "2000m",
                "ephemeral-storage": "12884901888",
                "memory": "1073741824",
              },
              "requests": {
                "cpu": "20m",
                "ephemeral-storage": "536870912",
                "memory": "1073741824",
              },
            },
            "securityContext": {
              "allowPrivilegeEscalation": false,
              "capabilities": {
                "add": [
                  "CHOWN",
                  "DAC_OVERRIDE",
                  "FOWNER",
                  "FSETID",
                  "KILL",
                  "SETGID",
                  "SETUID",
                ],
                "drop": [
                  "ALL",
                ],
              },
              "privileged": false,
            },
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": [
              {
                "mountPath": "/mnt",
                "name": "given",
              },
              {
                "mountPath": "/tmp",
                "name": "tmp",
              },
              {
                "mountPath": "/run",
                "name": "run",
              },
              {
                "mountPath": "/dev/shm",
                "name": "shm",
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
          "runAsGroup": 0,
          "runAsUser": 0,
          "seccompProfile": {
            "type": "RuntimeDefault",
          },
        },
        "terminationGracePeriodSeconds": 0,
        "volumes": [
          {
            "emptyDir": {},
            "name": "given",
          },
          {
            "emptyDir": {},
            "name": "tmp",
          },
          {
            "emptyDir": {
              "medium": "Memory",
              "sizeLimit": "16777216",
            },
            "name": "run",
          },
          {
            "emptyDir": {
              "medium": "Memory",
              "sizeLimit": "67108864",
            },
            "name": "shm",
          },
        ],
      },
    }
  `)
})

test('a pod is root of what may be a user namespace, and has no way to its node or to the cluster', () => {
  const { spec } = buildPodSpec(inputs, { ...house, userNamespaces: true, runtimeClass: 'gvisor', priorityClasses: true })

  expect(spec).toMatchObject({ hostUsers: false, runtimeClassName: 'gvisor', priorityClassName: 'dragoman-build' })
  expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false })
  expect(spec?.volumes?.every(({ emptyDir }) => emptyDir !== undefined)).toBe(true)
  expect(spec).not.toHaveProperty('hostNetwork')
  expect(spec?.containers[0]?.securityContext).toMatchObject({ privileged: false, allowPrivilegeEscalation: false })
})

test('each attempt of a step has a pod of its own name', () => {
  expect([buildPodName(attempt), buildPodName({ ...attempt, number: 3 })]).toEqual([
    'b0123456789abcdef-package-2',
    'b0123456789abcdef-package-3',
  ])
})
