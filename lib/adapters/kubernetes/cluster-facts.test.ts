import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { clusterFacts, type FactsWanted } from './cluster-facts.ts'
import { has, pod, refuses, replayServer, type Asked, type ReplayServer } from './testing/replay-server.ts'

let server: ReplayServer
beforeEach(async () => {
  server = await replayServer()
})
afterEach(() => server.close())

const house = { namespace: 'sessions', registry: 'registry.example', agent: { nodeFolder: '/agents' } }
const ask = (wanted: Partial<FactsWanted> = {}) =>
  clusterFacts(server.api, house, { hostUsers: 'auto', agentVolume: 'auto', ...wanted }, AbortSignal.timeout(5000))

type Answer = Parameters<ReplayServer['writes']>[0]
const asPod = ({ body }: Asked) => body as V1Pod
const isResize = ({ path }: Asked) => path.endsWith('/pods/sb00000000000000000000/resize')
/** As a server that knows every field of a pod, and how pods grow. */
const knowsAll: Answer = (response, asked) => {
  if (isResize(asked)) refuses(404, {}, { message: 'pods "sb00000000000000000000" not found' })(response, asked)
  else response.end(JSON.stringify(asked.body))
}
/** As one from before user namespaces and image volumes: a volume of which it knows nothing is an empty folder to it. */
const isOld: Answer = (response, asked) => {
  if (isResize(asked)) return refuses(404, {}, { message: 'the server could not find the requested resource' })(response, asked)
  const { spec, ...pod } = asPod(asked)
  const { hostUsers: _, volumes = [], ...known } = spec!
  const seen = volumes.map(({ image, ...volume }) => (image ? { ...volume, emptyDir: {} } : volume))
  response.end(JSON.stringify({ ...pod, spec: { ...known, volumes: seen } }))
}
/** As one whose namespace is held to a profile, which refuses by these fields. */
const isStrict =
  (refused: (pod: V1Pod) => string | false | undefined, answer = knowsAll): Answer =>
  (response, asked) => {
    const why = !isResize(asked) && refused(asPod(asked))
    if (why) refuses(403, {}, { message: `violates PodSecurity "restricted:latest": ${why}` })(response, asked)
    else answer(response, asked)
  }
const noRoot = ({ spec }: V1Pod) => spec?.securityContext?.runAsUser === 0 && 'runAsUser=0'
const noFolder = ({ spec }: V1Pod) => spec?.volumes?.some(({ hostPath }) => hostPath) && 'hostPath volumes'
const noClass = refuses(403, {}, { message: 'pods "x" is forbidden: no PriorityClass with name dragoman-session was found' })

const ALL = { userNamespaces: true, oneId: false, imageVolumes: true, priorityClasses: true, resizes: true }

test('a cluster is asked by a pod that it never makes', async () => {
  server.writes(knowsAll)

  expect(await ask()).toEqual({ ok: true, value: ALL })
  expect(server.asked.map(({ method, query }) => [method, query.get('dryRun')])).toEqual([
    ['POST', 'All'],
    ['PATCH', 'All'],
  ])
})

test('a server that does not know user namespaces or image volumes drops the word, and is not taken for one that does', async () => {
  server.writes(isOld)

  expect(await ask()).toMatchObject({ value: { userNamespaces: false, oneId: false, imageVolumes: false, resizes: false } })
  const refusal = (why: string) => ({ ok: false, error: { code: 'pods_refused', why } })
  expect(await ask({ hostUsers: 'false' })).toEqual(refusal('the cluster knows no user namespaces'))
  expect(await ask({ agentVolume: 'image' })).toEqual(refusal('the cluster knows no image volumes'))
})

test('who wants the node’s ids, or its folder, gets them', async () => {
  server.writes(knowsAll)

  expect(await ask({ hostUsers: 'true' })).toMatchObject({ value: { userNamespaces: false, imageVolumes: true } })
  expect(await ask({ agentVolume: 'node' })).toMatchObject({ value: { userNamespaces: true, imageVolumes: false } })
})

test('a server that knows image volumes and has them off refuses one, and is asked for a folder', async () => {
  server.writes(isStrict(({ spec }) => spec?.volumes?.some(({ image }) => image) && 'must specify a volume type'))

  expect(await ask()).toMatchObject({ value: { ...ALL, imageVolumes: false } })
  expect(server.asked.filter(({ method }) => method === 'POST')).toHaveLength(2)
})

test('without classes of priority pods have none', async () => {
  server.writes(noClass, knowsAll)

  expect(await ask()).toEqual({ ok: true, value: { ...ALL, priorityClasses: false } })
})

test('a cluster that takes no pod of ours says why', async () => {
  server.writes(refuses(403, {}, { message: 'violates PodSecurity "restricted:latest": hostPath volumes' }))

  expect(await ask()).toMatchObject({ ok: false, error: { code: 'pods_refused', why: expect.stringContaining('hostPath') } })
})

test('a house that is full is known by a pod that it took before', async () => {
  const there = pod('sb1', 3)
  const isFull = refuses(403, {}, { message: 'pods "x" is forbidden: exceeded quota: sessions' })
  server.writes((response, asked) => (isResize(asked) ? knowsAll : isFull)(response, asked))
  server.lists(has(10, { ...there, spec: { ...there.spec!, hostUsers: false, priorityClassName: 'dragoman-pool' } }), has(11))

  expect(await ask()).toEqual({ ok: true, value: { ...ALL, imageVolumes: false } })
  expect(await ask()).toMatchObject({ ok: false, error: { why: expect.stringContaining('exceeded quota') } })
})

test('a strict namespace gets pods of one id, in a user namespace where there are any', async () => {
  server.writes(isStrict((pod) => noRoot(pod) || noFolder(pod)))
  expect(await ask()).toEqual({ ok: true, value: { ...ALL, oneId: true } })

  server.writes(isStrict(noRoot, isOld))
  expect(await ask()).toMatchObject({ value: { userNamespaces: false, oneId: false, imageVolumes: false } })
})
