import type { V1Pod, V1Volume } from '@kubernetes/client-node'

import { DISK_BYTES, type RecipeLimits } from '#lib/application/ports/recipes.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import { RUNNER_PLACES, RUNNER_PORT } from '#lib/protocol/runner-words.ts'

import { CLOSED_POD } from '../closed-pod.ts'
import { LABEL, PART_OF } from '../pod-names.ts'

const MIB = 1024 * 1024

/** Where the runner lies in the image of a build's pod. */
export const RUNNER_FILE = 'dragoman-runner'
const STEP_LABEL = 'dragoman.dev/step'
/** Only pods of attempts have it. */
const ATTEMPT_LABEL = 'dragoman.dev/attempt'
const BUILD_LABEL = 'dragoman.dev/build'

/**
 * What dpkg and maintainer scripts do to files that are theirs, as on a machine. They count in the pod's own user namespace
 * where it has one; where not, root of the container is an id of the node's with no more than these.
 */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID']
/** Scripts and certificates. */
const FILES_BYTES = 16 * MIB
const SHARED_MEMORY_BYTES = 64 * MIB
/**
 * Of the processors, which is also its weight where there are too few: twice a session's. A build takes all that nobody else wants,
 * and waits where somebody does. With a quarter of its limit a session beside it took 26 times as long as alone.
 */
const CPU_REQUEST = '20m'
/** Of the disk, until it is used: the node has to have so much when the pod comes. */
const DISK_REQUEST_BYTES = 512 * MIB
/** Over the time of one script: images are pulled, packages fetched and layers sent meanwhile. */
const LIFE_SECONDS_MORE = 1800
const GRACE_SECONDS = 0

export type BuildHouse = {
  readonly namespace: string
  /** Whether pods get user namespaces. */
  readonly userNamespaces: boolean
  readonly runtimeClass?: string
  /** Whether the cluster has the class `dragoman-build`. */
  readonly priorityClasses: boolean
}

export type BuildPodInputs = {
  readonly name: string
  readonly attempt?: AttemptKey
  /** A base with the runner on top, as nodes pull it. */
  readonly image: string
  readonly limits: RecipeLimits
  readonly keySha256: string
}

/** A second try has another name: nothing of the first is taken for it. */
export const buildPodName = ({ build, step, number }: AttemptKey): string => `${build}-${step}-${number}`

/** All pods of attempts in a namespace, and nothing else. */
export const BUILD_PODS = `${LABEL.partOf}=${PART_OF},${LABEL.kind}=build,${ATTEMPT_LABEL}`

/**
 * The pod of one attempt, whole: a pure function of plain inputs. It is root inside, of what it changes, with no way to the
 * node: no path, device, account, service or network of its own.
 */
export function buildPodSpec({ name, attempt, image, limits, keySha256 }: BuildPodInputs, house: BuildHouse): V1Pod {
  const { diskBytes = DISK_BYTES } = limits
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: house.namespace, labels: labelsOf(attempt) },
    spec: {
      ...CLOSED_POD,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      activeDeadlineSeconds: Math.ceil(limits.timeMs / 1000) + LIFE_SECONDS_MORE,
      ...(house.userNamespaces && { hostUsers: false }),
      ...(house.runtimeClass !== undefined && { runtimeClassName: house.runtimeClass }),
      ...(house.priorityClasses && { priorityClassName: 'dragoman-build' }),
      securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'recipe',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: [`/${RUNNER_FILE}`],
          args: [],
          workingDir: '/',
          env: [{ name: 'DRAGOMAN_KEY_SHA256', value: keySha256 }],
          ports: [{ name: 'runner', containerPort: RUNNER_PORT, protocol: 'TCP' }],
          securityContext: {
            allowPrivilegeEscalation: false,
            privileged: false,
            capabilities: { drop: ['ALL'], add: CAPABILITIES },
          },
          resources: {
            // All of its memory from the start: a build takes none away from those who were there before it.
            requests: {
              cpu: CPU_REQUEST,
              memory: `${limits.memoryBytes}`,
              'ephemeral-storage': `${Math.min(DISK_REQUEST_BYTES, diskBytes)}`,
            },
            limits: {
              cpu: `${Math.round(limits.cpus * 1000)}m`,
              memory: `${limits.memoryBytes}`,
              'ephemeral-storage': `${diskBytes}`,
            },
          },
          volumeMounts: VOLUMES.map(([volume, mountPath]) => ({ name: volume, mountPath })),
          // Why a runner ended before anybody spoke with it.
          terminationMessagePolicy: 'FallbackToLogsOnError',
        },
      ],
      volumes: VOLUMES.map(([volume, , bytes]) => volumeOf(volume, bytes)),
    },
  }
}

/** Places that are no part of what a recipe changes. Those with a size are memory. */
const VOLUMES = [
  ['given', RUNNER_PLACES.given, undefined],
  ['tmp', '/tmp', undefined],
  ['run', '/run', FILES_BYTES],
  ['shm', '/dev/shm', SHARED_MEMORY_BYTES],
] as const

const volumeOf = (name: string, bytes: number | undefined): V1Volume => ({
  name,
  emptyDir: bytes === undefined ? {} : { medium: 'Memory', sizeLimit: `${bytes}` },
})

const labelsOf = (attempt: AttemptKey | undefined): Record<string, string> => ({
  [LABEL.partOf]: PART_OF,
  [LABEL.kind]: 'build',
  ...(attempt && { [BUILD_LABEL]: attempt.build, [STEP_LABEL]: attempt.step, [ATTEMPT_LABEL]: `${attempt.number}` }),
})
