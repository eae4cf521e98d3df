import type { V1Pod } from '@kubernetes/client-node'

import { err, ok, type Result } from '#lib/domain/result.ts'

import { ApiRefused, quotaIsSpent, type KubernetesApi } from './api.ts'
import { LABEL } from './pod-names.ts'
import type { Requests } from './pod-spec.ts'
import { viewOf, type PodView } from './pod-view.ts'

export type NotCreated =
  | { readonly code: 'exists' }
  | { readonly code: 'no_room' }
  | { readonly code: 'refused'; readonly why: string }

/** `refused`: by the quota, by a range of limits, or since it is another pod by now; it stays as it is. */
export type Grown = 'asked' | 'refused' | 'gone'
const GROW_TRIES_MAX = 5

export type PodCalls = ReturnType<typeof podCalls>

/** What is done to pods of one namespace; each may be asked twice and is done once. */
export function podCalls(api: KubernetesApi, namespace: string) {
  const pods = { resource: 'pods', namespace } as const

  async function create(pod: V1Pod, signal: AbortSignal): Promise<Result<PodView, NotCreated>> {
    for (;;) {
      try {
        return ok(viewOf((await api.call({ ...pods, verb: 'create', body: pod }, signal)) as V1Pod))
      } catch (error) {
        if (!(error instanceof ApiRefused)) throw error
        // Two pods at once at the same quota: one of the two is only asked to come again.
        if (error.status === 409 && error.reason !== 'AlreadyExists') continue
        if (error.status === 409) return err({ code: 'exists' })
        if (quotaIsSpent(error)) return err({ code: 'no_room' })
        return err({ code: 'refused', why: error.message })
      }
    }
  }

  /** As the store has it, not as the watch last said; undefined when it is not there. */
  async function read(name: string, signal: AbortSignal): Promise<PodView | undefined> {
    try {
      return viewOf((await api.call({ ...pods, verb: 'get', name }, signal)) as V1Pod)
    } catch (error) {
      if (error instanceof ApiRefused && error.status === 404) return undefined
      throw error
    }
  }

  /** Ends it at once. With its uid no other pod of the name is ever meant. */
  async function remove(name: string, uid: string | undefined, signal: AbortSignal): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, ...(uid && { preconditions: { uid } }) }
    try {
      await api.call({ ...pods, verb: 'delete', name, body }, signal)
    } catch (error) {
      const isGone = error instanceof ApiRefused && (error.status === 404 || error.status === 409)
      if (!isGone) throw error
    }
  }

  /** Takes it out of its pool, once; false when it was in none, or is not there. */
  async function claimed(name: string, uid: string, signal: AbortSignal): Promise<boolean> {
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'remove', path: `/metadata/labels/${LABEL.pool.replaceAll('/', '~1')}` },
    ]
    try {
      await api.call({ ...pods, verb: 'patch', name, body, jsonPatch: true }, signal)
      return true
    } catch (error) {
      if (error instanceof ApiRefused && [404, 409, 422].includes(error.status)) return false
      throw error
    }
  }

  /**
   * Has it reckoned at more, while it runs. The cluster takes the wish; whether its node has room, the pod's own conditions
   * say later. A second server that wishes the same changes nothing.
   */
  async function grow(name: string, uid: string, { cpu, memory }: Requests, signal: AbortSignal): Promise<Grown> {
    const at = '/spec/containers/0/resources/requests'
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'add', path: `${at}/cpu`, value: cpu },
      { op: 'add', path: `${at}/memory`, value: memory },
    ]
    const call = { namespace, resource: 'pods/resize', verb: 'patch', name, body, jsonPatch: true } as const
    for (let tries = 1; ; tries++) {
      try {
        await api.call(call, signal)
        return 'asked'
      } catch (error) {
        if (!(error instanceof ApiRefused)) throw error
        if (error.status === 404) return 'gone'
        // Its kubelet wrote of it in between, which is over in a moment.
        if (error.status !== 409 || tries === GROW_TRIES_MAX) return 'refused'
      }
    }
  }

  return { create, read, remove, claimed, grow }
}
