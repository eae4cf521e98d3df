import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { clusterFacts, type HostUsers } from './cluster-facts.ts'
import { has, pod, refuses, replayServer, type Asked, type ReplayServer } from './testing/replay-server.ts'

let server: ReplayServer
beforeEach(async () => {
  server = await replayServer()
})
afterEach(() => server.close())

const house = { namespace: 'sessions', registry: 'registry.example', agent: { nodeFolder: '/agents' } }
const ask = (hostUsers: HostUsers = 'auto') => clusterFacts(server.api, house, hostUsers, AbortSignal.timeout(5000))

type Response = Parameters<ReturnType<typeof refuses>>[0]
/** As a server that knows every field of a pod. */
const knowsAll = (response: Response, { body }: Asked) => void response.end(JSON.stringify(body))
/** As one from before user namespaces. */
const isOld = (response: Response, { body }: Asked) => {
  const { spec, ...pod } = body as V1Pod
  const { hostUsers: _, ...known } = spec!
  response.end(JSON.stringify({ ...pod, spec: known }))
}
const noClass = refuses(403, {}, { message: 'pods "x" is forbidden: no PriorityClass with name dragoman-session was found' })

test('a cluster is asked by a pod that it never makes', async () => {
  server.writes(knowsAll)

  expect(await ask()).toEqual({ ok: true, value: { userNamespaces: true, priorityClasses: true } })
  expect(server.asked.map(({ query }) => query.get('dryRun'))).toEqual(['All'])
})

test('a server that does not know user namespaces drops the word, and is not taken for one that does', async () => {
  server.writes(isOld)

  expect(await ask()).toMatchObject({ value: { userNamespaces: false } })
  expect(await ask('false')).toEqual({
    ok: false,
    error: { code: 'pods_refused', why: 'the cluster knows no user namespaces' },
  })
})

test('who wants the node’s ids gets them', async () => {
  server.writes(knowsAll)

  expect(await ask('true')).toMatchObject({ value: { userNamespaces: false } })
})

test('without classes of priority pods have none', async () => {
  server.writes(noClass, knowsAll)

  expect(await ask()).toEqual({ ok: true, value: { userNamespaces: true, priorityClasses: false } })
})

test('a cluster that takes no pod of ours says why', async () => {
  server.writes(refuses(403, {}, { message: 'violates PodSecurity "restricted:latest": hostPath volumes' }))

  expect(await ask()).toMatchObject({ ok: false, error: { code: 'pods_refused', why: expect.stringContaining('hostPath') } })
})

test('a house that is full is known by a pod that it took before', async () => {
  const there = pod('sb1', 3)
  server.writes(refuses(403, {}, { message: 'pods "x" is forbidden: exceeded quota: sessions' }))
  server.lists(has(10, { ...there, spec: { ...there.spec!, hostUsers: false, priorityClassName: 'dragoman-pool' } }), has(11))

  expect(await ask()).toEqual({ ok: true, value: { userNamespaces: true, priorityClasses: true } })
  expect(await ask()).toMatchObject({ ok: false, error: { why: expect.stringContaining('exceeded quota') } })
})

test('a strict namespace that takes no root gets pods of one id', async () => {
  server.writes(refuses(403, {}, { message: 'violates PodSecurity "baseline:latest": runAsUser=0' }), knowsAll)

  expect(await ask()).toEqual({ ok: true, value: { userNamespaces: false, priorityClasses: true } })
})
