import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { systemClock } from '#lib/adapters/system/time.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import { DEFAULT_LIMITS, LIMITS_MAX } from '#lib/domain/limits.ts'

import { podCalls } from './pod-calls.ts'
import { podSandbox } from './pod-sandbox.ts'
import { claimedRequests } from './pod-spec.ts'
import { countsOf, has, modified, pod, refuses, replayServer, talks, type ReplayServer } from './testing/replay-server.ts'
import { watchPods } from './watch-pods.ts'

const MIB = 1024 * 1024
const PERCENT = 25
const id = 'sb0123456789abcdef0123' as SandboxId
type Answer = Parameters<ReplayServer['writes']>[0]
const ok: Answer = (response) => void response.end('{}')

let server: ReplayServer
let end: () => Promise<void>
beforeEach(async () => {
  server = await replayServer()
})
afterEach(async () => {
  await end()
  await server.close()
})

/** A pod that runs and that nobody has claimed, on a cluster whose pods grow. */
async function world() {
  const { api, metrics } = server
  const { answer, say } = talks()
  const status = (reason?: string): V1Pod['status'] => ({
    phase: 'Running',
    ...(reason && { conditions: [{ type: 'PodResizePending', status: 'True', reason }] }),
  })
  server.lists(has(10, pod(id, 9, { status: status() })))
  server.watches(answer)
  const watch = watchPods({ api, metrics, clock: systemClock, namespace: 'sessions', kind: 'session' })
  await watch.ready(AbortSignal.timeout(5000))
  const closing = new AbortController()
  end = async () => {
    closing.abort()
    watch.close()
  }
  const sandbox = podSandbox({
    ...{ id, key: 'k', address: { host: '127.0.0.1', port: 1 }, uid: `uid-${id}`, ownIds: false, forget() {} },
    ...{ watch, metrics, calls: podCalls(api, 'sessions'), closing: closing.signal },
    grown: (limits) => claimedRequests(limits, PERCENT),
  })
  return {
    claimed: () => sandbox.claimed?.(DEFAULT_LIMITS),
    says: (version: number, reason?: string) => say(modified(pod(id, version, { status: status(reason) }))),
    asked: () => server.asked.filter(({ path }) => path.endsWith('/resize')),
    outcomes: () => countsOf(metrics, 'dragoman_k8s_pods_grown_total'),
    isUp: async () => (await Promise.race([sandbox.exited, undefined])) === undefined,
  }
}

test('a claimed pod is reckoned at a quarter of its memory, by its uid, and its limits stay', async () => {
  server.writes(ok)
  const { claimed, asked, outcomes } = await world()
  expect(asked()).toEqual([])
  await claimed()

  expect(asked().map(({ method, path, body }) => [method, path, body])).toEqual([
    [
      'PATCH',
      `/api/v1/namespaces/sessions/pods/${id}/resize`,
      [
        { op: 'test', path: '/metadata/uid', value: `uid-${id}` },
        { op: 'add', path: '/spec/containers/0/resources/requests/cpu', value: '50m' },
        { op: 'add', path: '/spec/containers/0/resources/requests/memory', value: `${128 * MIB}` },
      ],
    ],
  ])
  expect(outcomes()).toEqual({ asked: 1 })
})

test('one that its kubelet wrote of meanwhile is asked for again, and not for ever', async () => {
  const conflict = refuses(409, {}, { reason: 'Conflict' })
  server.writes(conflict, conflict, ok)
  const { claimed, asked, outcomes } = await world()
  await claimed()
  expect([asked().length, outcomes()]).toEqual([3, { asked: 1 }])

  server.writes(conflict)
  await claimed()
  expect([asked().length, outcomes()]).toEqual([8, { asked: 1, refused: 1 }])
})

test.each([
  ['the quota is spent', 403, 'exceeded quota: sessions', 'refused'],
  ['it is another pod by now', 422, 'the server rejected our request', 'refused'],
  ['it is gone', 404, `pods "${id}" not found`, 'gone'],
])('when %s it stays as it is, and its session does not notice', async (_, status, message, outcome) => {
  server.writes(refuses(status, {}, { message }))
  const { claimed, asked, outcomes, isUp } = await world()
  await claimed()

  expect([asked().length, outcomes(), await isUp()]).toEqual([1, { [outcome]: 1 }, true])
})

test('a node without room puts it off, or says that it never will: each is told once, and the session goes on', async () => {
  server.writes(ok)
  const { claimed, says, outcomes, isUp } = await world()
  await claimed()
  for (const version of [11, 12, 13]) says(version, 'Deferred')
  await expect.poll(outcomes).toEqual({ asked: 1, deferred: 1 })
  says(14)
  for (const version of [15, 16]) says(version, 'Infeasible')
  await expect.poll(outcomes).toEqual({ asked: 1, deferred: 1, infeasible: 1 })
  says(17, 'SomethingNew')
  await expect.poll(outcomes).toEqual({ asked: 1, deferred: 1, infeasible: 1, other: 1 })
  expect(await isUp()).toBe(true)
})

test('no request is below that of one that waits, nor above a limit', () => {
  expect(claimedRequests({ ...DEFAULT_LIMITS, ...LIMITS_MAX }, 90)).toEqual({ cpu: '720m', memory: `${7373 * MIB - 209_715}` })
  expect(claimedRequests({ ...DEFAULT_LIMITS, cpus: 0.1, memoryBytes: 64 * MIB }, 1)).toEqual({
    cpu: '10m',
    memory: `${48 * MIB}`,
  })
  expect(claimedRequests({ ...DEFAULT_LIMITS, memoryBytes: 32 * MIB }, 25).memory).toBe(`${32 * MIB}`)
})
