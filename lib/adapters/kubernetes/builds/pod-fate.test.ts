import type { V1ContainerState, V1Pod, V1PodStatus } from '@kubernetes/client-node'
import { expect, test } from 'vitest'

import { podFate } from './pod-fate.ts'

const pod = (status: V1PodStatus, state?: V1ContainerState, metadata: V1Pod['metadata'] = {}): V1Pod => ({
  metadata,
  status: { ...status, ...(state && { containerStatuses: [{ name: 'recipe', state } as never] }) },
})
const ended = (reason: string, exitCode: number, message?: string) => ({
  terminated: { reason, exitCode, ...(message && { message }) },
})

test.each([
  ['is gone', undefined, { state: 'over', why: 'the pod was deleted' }],
  ['runs', pod({ phase: 'Running', podIP: '10.0.0.1' }, { running: {} }), { state: 'running', ip: '10.0.0.1' }],
  [
    'has no address yet',
    pod({ phase: 'Pending' }, { running: {} }),
    { state: 'waiting', why: 'it has no node yet', isFor: 'start' },
  ],
  [
    'fits on no node',
    pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes' }] }),
    { state: 'waiting', why: 'no node has room: 0/1 nodes', isFor: 'room' },
  ],
  [
    'has an image that cannot be pulled now',
    pod({ phase: 'Pending' }, { waiting: { reason: 'ErrImagePull', message: 'not found' } }),
    { state: 'waiting', why: 'ErrImagePull: not found', isFor: 'start' },
  ],
  [
    'has an image that is no name',
    pod({ phase: 'Pending' }, { waiting: { reason: 'InvalidImageName' } }),
    { state: 'waiting', why: 'InvalidImageName', isFor: 'nothing' },
  ],
  [
    'had no memory left',
    pod({ phase: 'Failed' }, ended('OOMKilled', 137)),
    { state: 'over', why: 'it had no memory left, and the pod was ended' },
  ],
  [
    'was evicted',
    pod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage. ' }),
    { state: 'over', why: 'Evicted: The node was low on resource: ephemeral-storage.' },
  ],
  [
    'was too old',
    pod({ phase: 'Failed', reason: 'DeadlineExceeded' }),
    { state: 'over', why: 'the pod was older than any build is let be' },
  ],
  [
    'ended by itself',
    pod({ phase: 'Failed' }, ended('Error', 70, 'dragoman-runner: no server has been heard of\n')),
    { state: 'over', why: 'the runner ended with 70: dragoman-runner: no server has been heard of' },
  ],
  [
    'is being deleted',
    pod({ phase: 'Running', podIP: '10.0.0.1' }, { running: {} }, { deletionTimestamp: new Date(0) }),
    { state: 'over', why: 'the pod is being deleted' },
  ],
  ['has lost its node', pod({ phase: 'Unknown' }), { state: 'over', why: 'its node was lost' }],
])('a pod that %s', (_, given, fate) => {
  expect(podFate(given)).toEqual(fate)
})
