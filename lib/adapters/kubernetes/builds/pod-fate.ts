import type { V1Pod } from '@kubernetes/client-node'

import { plainWords } from './plain-words.ts'

/** What the cluster says of a build's pod. `waiting` has words for a person, and says if waiting is no use, or is for room. */
export type PodFate =
  | { readonly state: 'waiting'; readonly why: string; readonly isFor: 'room' | 'start' | 'nothing' }
  | { readonly state: 'running'; readonly ip: string }
  | { readonly state: 'over'; readonly why: string }

/** Of these a kubelet tries none again with another result. */
const HOPELESS = new Set(['InvalidImageName', 'CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])

/** A pure reading of a pod as the API server has it; undefined is one that it does not have. */
export function podFate(pod: V1Pod | undefined): PodFate {
  if (!pod) return over('the pod was deleted')
  const { phase, podIP, reason, message, conditions = [] } = pod.status ?? {}
  const container = pod.status?.containerStatuses?.find(({ name }) => name === 'recipe')?.state
  if (phase === 'Failed' || phase === 'Succeeded') return over(endOf(reason, message, container?.terminated))
  if (container?.terminated) return over(endOf(undefined, undefined, container.terminated))
  if (pod.metadata?.deletionTimestamp) return over('the pod is being deleted')
  if (phase === 'Unknown') return over('its node was lost')
  if (container?.running && podIP) return { state: 'running', ip: podIP }

  const { reason: waits = '', message: says } = container?.waiting ?? {}
  const unplaced = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (unplaced) return waiting(`no node has room: ${unplaced.message ?? unplaced.reason ?? ''}`, 'room')
  return waiting([waits || 'it has no node yet', says].filter(Boolean).join(': '), HOPELESS.has(waits) ? 'nothing' : 'start')
}

type Terminated = { readonly reason?: string; readonly message?: string; readonly exitCode: number }

function endOf(reason: string | undefined, message: string | undefined, ended: Terminated | undefined): string {
  if (ended?.reason === 'OOMKilled') return 'it had no memory left, and the pod was ended'
  if (reason === 'DeadlineExceeded') return 'the pod was older than any build is let be'
  if (reason !== undefined) return `${reason}: ${short(message)}`
  return `the runner ended with ${ended?.exitCode ?? 'nothing known'}${ended?.message ? `: ${short(ended.message)}` : ''}`
}

const over = (why: string): PodFate => ({ state: 'over', why })
const waiting = (why: string, isFor: 'room' | 'start' | 'nothing'): PodFate => ({ state: 'waiting', why: short(why), isFor })
const short = (text: string | undefined) => plainWords(text ?? '')
