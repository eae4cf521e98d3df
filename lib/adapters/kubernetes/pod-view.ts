import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'

import { LABEL } from './pod-names.ts'

/** All that is kept of a pod: a few hundred bytes of the twenty thousand that the API server sends. */
export type PodView = {
  readonly name: string
  readonly uid: string
  readonly version: string
  readonly phase: string
  /** By the cluster's clock. */
  readonly createdAtMs: number
  /** Nobody has claimed it. */
  readonly isMember: boolean
  readonly ip: string | undefined
  readonly nodeIp: string | undefined
  readonly isScheduled: boolean
  /** Somebody has asked for its end. */
  readonly isGoing: boolean
  /** The scheduler's words, while it finds no node. */
  readonly unschedulable: string | undefined
  /** Why its container does not start yet. */
  readonly waiting: Words | undefined
  readonly isRunning: boolean
  readonly ended: Ended | undefined
  /** Why the cluster, not its program, ends it: eviction, preemption, a deadline, a node that is gone. */
  readonly disruption: Words | undefined
  /** Why it did not grow as it was asked to: `Deferred` while its node has no room, `Infeasible` when it never will. */
  readonly notGrown: string | undefined
  /** Of the key that its agent was given. */
  readonly keySha256: string | undefined
}
type Words = { readonly reason: string; readonly message: string }
type Ended = { readonly code: number; readonly signal: number | undefined; readonly reason: string }

/** Of what the API server says there is no more than this in any sentence of ours. */
const WORDS_MAX = 300

export function viewOf(pod: V1Pod): PodView {
  const { metadata, spec, status } = pod
  const container = status?.containerStatuses?.[0]
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    version: metadata?.resourceVersion ?? '',
    phase: status?.phase ?? 'Pending',
    createdAtMs: Date.parse(String(metadata?.creationTimestamp ?? '')),
    isMember: metadata?.labels?.[LABEL.pool] !== undefined,
    ip: status?.podIP || undefined,
    nodeIp: status?.hostIP || undefined,
    isScheduled: spec?.nodeName !== undefined,
    isGoing: metadata?.deletionTimestamp !== undefined,
    unschedulable: scheduled?.status === 'False' ? short(scheduled.message ?? scheduled.reason) : undefined,
    waiting: wordsOf(container?.state?.waiting),
    isRunning: container?.state?.running !== undefined,
    ended: endedOf(container),
    disruption: disruptionOf(pod),
    notGrown: status?.conditions?.find(({ type, status }) => type === 'PodResizePending' && status === 'True')?.reason,
    keySha256: spec?.containers[0]?.env?.find(({ name }) => name === 'DRAGOMAN_KEY_SHA256')?.value,
  }
}

function endedOf(container: V1ContainerStatus | undefined): Ended | undefined {
  const ended = container?.state?.terminated
  return ended && { code: ended.exitCode, signal: ended.signal || undefined, reason: short(ended.reason) }
}

/** Old clusters say it of the pod as a whole, new ones in a condition too. */
function disruptionOf({ status }: V1Pod): Words | undefined {
  const target = status?.conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True')
  return wordsOf(target) ?? (status?.reason ? { reason: short(status.reason), message: short(status.message) } : undefined)
}

const wordsOf = (said: { reason?: string; message?: string } | undefined): Words | undefined =>
  said && { reason: short(said.reason), message: short(said.message) }

const short = (text: string | undefined) => (text ?? '').slice(0, WORDS_MAX)
