import type { CoreV1Event, CoreV1EventList } from '@kubernetes/client-node'

import type { KubernetesApi } from '../api.ts'
import { plainWords } from './plain-words.ts'

/** What is told of one pod, however much the cluster says of it. */
export const EVENTS_TOLD_MAX = 20
/** Kept by the API server of one pod are a few; a page of them is all that is read. */
const EVENTS_READ_MAX = 100
/** They are an addition: nothing waits longer for them. */
const READ_MS_MAX = 3000
/** These are told as normal and end a pod all the same. */
const ENDINGS = new Set(['TaintManagerEviction', 'Preempted', 'Killing'])

/** Reads what the cluster says of one pod, and tells each of its sentences once. */
export function podEvents(api: KubernetesApi, namespace: string, pod: string) {
  const told = new Set<string>()
  return {
    /** What is new, oldest first; nothing when it cannot be read. */
    async news(signal: AbortSignal): Promise<readonly string[]> {
      const query = { fieldSelector: `involvedObject.kind=Pod,involvedObject.name=${pod}`, limit: `${EVENTS_READ_MAX}` }
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(READ_MS_MAX)])
      const listed = api.call({ verb: 'list', resource: 'events', namespace, query }, inTime)
      const { items } = (await listed.catch(() => ({ items: [] }))) as CoreV1EventList
      const fresh = wordsOf(items).filter((words) => !told.has(words))
      const some = fresh.slice(0, EVENTS_TOLD_MAX - told.size)
      for (const words of some) told.add(words)
      return some
    },
  }
}

/** The sentences of what went wrong, oldest first, each once. */
export function wordsOf(events: readonly CoreV1Event[]): readonly string[] {
  const wrong = events.filter(({ type, reason = '' }) => type === 'Warning' || ENDINGS.has(reason))
  const inOrder = wrong.toSorted((one, other) => timeOf(one) - timeOf(other))
  return [...new Set(inOrder.map(({ reason = '', message }) => plainWords([reason, message].filter(Boolean).join(': '))))]
}

const timeOf = ({ firstTimestamp, eventTime, metadata }: CoreV1Event): number =>
  new Date(firstTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime()
