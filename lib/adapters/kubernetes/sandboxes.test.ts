import { createServer, type Server, type Socket } from 'node:net'

import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { memoryLog } from '#lib/adapters/memory/log.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import type { Sandbox, Sandboxes, StartPhase } from '#lib/application/ports/sandboxes.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { LangId, SandboxId } from '#lib/domain/ids.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { AGENT_PORT } from './pod-names.ts'
import type { ClusterFacts } from './cluster-facts.ts'
import { podSandboxes, type PodOptions } from './sandboxes.ts'
import {
  added,
  bookmark,
  countsOf,
  deleted,
  has,
  modified,
  pod,
  refuses,
  replayServer,
  talks,
  tells,
  type Asked,
  type ReplayServer,
} from './testing/replay-server.ts'

const id = 'sb0123456789abcdef0123' as SandboxId
const foundation = { lang: 'python' as LangId, image: `sha256:${'ab'.repeat(32)}` as Digest, agent: '1' }
const needs = { foundation, limits: DEFAULT_LIMITS }
const house = { namespace: 'sessions', registry: 'registry.example', agent: { nodeFolder: '/agents' } }
const FACTS: ClusterFacts = { userNamespaces: false, priorityClasses: false }
/** An address of this machine that nobody else listens on. */
const IP = '127.71.17.1'

let server: ReplayServer
let agent: Server
const connections = new Set<Socket>()
let sandboxes: Sandboxes
beforeEach(async () => {
  server = await replayServer()
  agent = createServer((socket) => {
    socket.on('error', () => undefined).on('close', () => connections.delete(socket))
    connections.add(socket.resume())
  })
  await new Promise<void>((done) => agent.listen(AGENT_PORT, IP, done))
})
afterEach(async () => {
  await sandboxes.close()
  await server.close()
  for (const socket of connections) socket.destroy()
  await new Promise((done) => agent.close(done))
})

type Over = Partial<Pick<PodOptions, 'sandboxesMax' | 'canary' | 'facts' | 'agentImages'>>

async function open(over: Over = {}): Promise<void> {
  const { api, metrics } = server
  sandboxes = await podSandboxes({
    api,
    house,
    facts: FACTS,
    clock: systemClock,
    metrics,
    log: memoryLog(),
    sandboxesMax: 10,
    ...over,
  })
}

/** The pod that was asked for, as the cluster answers it. */
const created = (response: Parameters<ReturnType<typeof has>>[0], { body }: Asked) => {
  const { spec, metadata } = body as V1Pod
  response.writeHead(201).end(JSON.stringify({ ...pod(id, 11), spec, metadata: { ...metadata, ...pod(id, 11).metadata } }))
}
const running = (version: number, over: V1Pod['status'] = {}) =>
  pod(id, version, {
    pool: 'python',
    status: { phase: 'Running', podIP: IP, containerStatuses: [container({ running: {} })], ...over },
  })
const container = (state: object) => ({ name: 'sandbox', image: '', imageID: '', ready: true, restartCount: 0, state })
const soon = (ms = 5000) => AbortSignal.timeout(ms)
const start = (signal = soon(), phase?: (phase: StartPhase) => void) =>
  sandboxes.start(id, { ...needs, ...(phase && { phase }) }, signal)
const writes = (method: string) => server.asked.filter((asked) => asked.method === method)

async function started(): Promise<Sandbox> {
  const result = await start()
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

/** A house whose cluster has started one sandbox; what it says afterwards is told by `say`. */
async function up(): Promise<{ sandbox: Sandbox; say: ReturnType<typeof talks>['say'] }> {
  const { answer, say } = talks()
  server.lists(has(10))
  server.watches(answer)
  server.writes(created, (response) => response.end('{}'))
  await open()
  say(added(pod(id, 11, { pool: 'python' })), modified(running(12)))
  return { sandbox: await started(), say }
}

test('it is up when its agent can be dialled, after each stage was told once', async () => {
  const phases: StartPhase[] = []
  const { answer, say } = talks()
  server.lists(has(10))
  const nowhere = { ...pod(id, 11), spec: { containers: [] } }
  server.watches(answer)
  server.writes((response, asked) => {
    const { metadata } = asked.body as V1Pod
    response.end(JSON.stringify({ ...nowhere, metadata: { ...metadata, ...nowhere.metadata } }))
    say(added(nowhere), modified(pod(id, 12)), modified(pod(id, 13)))
  })
  await open()
  const starting = start(soon(), (phase) => phases.push(phase))
  await expect.poll(() => phases).toEqual(['scheduling', 'pulling'])
  say(modified(running(14)))
  const result = await starting

  expect(result).toMatchObject({ ok: true, value: { id, address: `${IP}:${AGENT_PORT}` } })
  expect(phases).toEqual(['scheduling', 'pulling', 'starting'])
})

test.each([
  [undefined, { targets: ['192.0.2.9:10250'] }],
  [['192.0.2.1:6443'], { targets: ['192.0.2.1:6443', '192.0.2.9:10250'] }],
  ['tolerated' as const, 'tolerated'],
])('of what no pod may reach, %j, and the kubelet of its node, the agent is told', async (canary, told) => {
  const { answer, say } = talks()
  server.lists(has(10))
  server.watches(answer)
  server.writes(created, (response) => response.end('{}'))
  await open(canary ? { canary } : {})
  say(added(pod(id, 11, { pool: 'python' })), modified(running(12, { hostIP: '192.0.2.9' })))

  expect((await started()).canary).toEqual(told)
})

const NODE_FOLDER = { hostPath: { path: '/agents/1', type: 'Directory' } }
const AGENT_IMAGE = `sha256:${'ef'.repeat(32)}` as Digest
const AS_IMAGE = { image: { reference: `registry.example/agent@${AGENT_IMAGE}`, pullPolicy: 'IfNotPresent' } }

const facts: ClusterFacts = { ...FACTS, imageVolumes: true }
const agentImages = (image?: Digest, orNode = true) => ({ of: async () => image, orNode })

test.each<[string, Over, object[]]>([
  ['by the folder of the node where the cluster mounts no images', { agentImages: agentImages(AGENT_IMAGE) }, [NODE_FOLDER]],
  ['as its image where it does', { facts, agentImages: agentImages(AGENT_IMAGE) }, [AS_IMAGE]],
  ['by the folder there too, when no image was made', { facts, agentImages: agentImages() }, [NODE_FOLDER]],
  ['not at all when only an image will do', { facts, agentImages: agentImages(undefined, false) }, []],
])('a pod has its agent %s', async (_, over, volumes) => {
  server.lists(has(10))
  server.watches(talks().answer)
  server.writes(refuses(422, {}, { message: 'enough seen' }))
  await open(over)
  const why = volumes.length > 0 ? 'enough seen' : 'agent 1 has no image'

  expect(await start()).toMatchObject({ ok: false, error: { code: 'start_failed', why: expect.stringContaining(why) as string } })
  expect(writes('POST').map(({ body }) => (body as V1Pod).spec?.volumes?.[0])).toMatchObject(volumes)
})

test('a create whose answer was lost finds its own pod', async () => {
  server.lists(has(10))
  let made: V1Pod | undefined
  server.writes(
    (response, asked) => {
      made = asked.body as V1Pod
      response.destroy()
    },
    refuses(409, {}, { reason: 'AlreadyExists' }),
  )
  await replaceLists(() => ({ ...running(12), spec: { nodeName: 'node1', ...made!.spec! } }))

  expect(await start()).toMatchObject({ ok: true })
})

test('a pod of the name that an earlier process made is left alone', async () => {
  server.writes(refuses(409, {}, { reason: 'AlreadyExists' }))
  await replaceLists(() => running(12))

  expect(await start()).toMatchObject({ ok: false, error: { why: `"${id}" runs since an earlier process` } })
  expect(writes('DELETE')).toEqual([])
})

/** Lists nothing, and answers a look at the pod itself. */
async function replaceLists(one: () => V1Pod): Promise<void> {
  server.watches(tells([]))
  server.lists((response, asked) =>
    asked.path.endsWith(id) ? void response.end(JSON.stringify(one())) : has(10)(response, asked),
  )
  await open()
}

test('a quota that two change at once is asked again, and one that is spent is no room', async () => {
  server.lists(has(10))
  server.watches(tells([]))
  server.writes(
    refuses(409, {}, { reason: 'Conflict' }),
    refuses(429, { 'retry-after': '1' }),
    refuses(403, {}, { message: 'pods "x" is forbidden: exceeded quota: sandboxes' }),
  )
  await open()

  expect(await start()).toEqual({ ok: false, error: { code: 'no_room' } })
  expect(writes('POST')).toHaveLength(3)
})

test('while nobody answers for the cluster a start waits until its deadline, and the next one may succeed', async () => {
  const { answer, say } = talks()
  server.lists(has(10))
  server.watches(answer)
  server.writes(refuses(503))
  await open()
  const from = performance.now()
  expect(await start(soon(700))).toMatchObject({ ok: false, error: { code: 'start_failed' } })
  expect(performance.now() - from).toBeLessThan(3000)

  server.writes(created)
  say(added(pod(id, 11)), modified(running(12)))
  expect(await start()).toMatchObject({ ok: true })
})

test('until the cluster has said what it has, a start waits', async () => {
  server.lists(has(10))
  server.watches(tells([added(running(12))]))
  server.writes(created)
  const facts = Promise.withResolvers<ClusterFacts>()
  await open({ facts: facts.promise })

  expect(await start(soon(50))).toMatchObject({ ok: false, error: { code: 'start_failed' } })
  expect(writes('POST')).toEqual([])
  const later = start()
  facts.resolve(FACTS)
  expect(await later).toMatchObject({ ok: true })
})

test('a right that was not granted is no lack of room', async () => {
  server.lists(has(10))
  server.watches(tells([]))
  server.writes(refuses(403, {}, { message: 'pods is forbidden: User "server" cannot create resource "pods"' }))
  await open()

  expect(await start()).toMatchObject({ ok: false, error: { code: 'start_failed', why: expect.stringContaining('forbidden') } })
})

test.each([
  ['a name that is none', { reason: 'InvalidImageName', message: 'couldn’t parse' }, 'InvalidImageName'],
  ['an image that is not there', { reason: 'ErrImagePull', message: 'manifest unknown' }, 'manifest unknown'],
  ['an agent that is not on the node', { reason: 'CreateContainerError', message: 'no such file' }, 'no such file'],
])('%s is told at once, and its pod taken away', async (_, waiting, why) => {
  server.lists(has(10))
  server.watches(tells([added(pod(id, 12, { status: { containerStatuses: [container({ waiting })] } }))]))
  server.writes(created, (response) => response.end('{}'))
  await open()

  expect(await start()).toMatchObject({ ok: false, error: { code: 'start_failed', why: expect.stringContaining(why) } })
  await expect.poll(() => writes('DELETE')).toMatchObject([{ body: { preconditions: { uid: `uid-${id}` } } }])
})

test('what may pass is waited for until the deadline, and then said', async () => {
  server.lists(has(10))
  const waiting = { reason: 'ImagePullBackOff', message: 'connection refused' }
  server.watches(tells([added(pod(id, 12, { status: { containerStatuses: [container({ waiting })] } }))]))
  server.writes(created, (response) => response.end('{}'))
  await open()

  expect(await start(soon(200))).toMatchObject({ error: { why: expect.stringContaining('connection refused') } })
  await expect.poll(() => writes('DELETE')).toHaveLength(1)
})

test('a pod for which no node has room is no room', async () => {
  server.lists(has(10))
  const conditions = [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available: insufficient memory' }]
  server.watches(tells([added(pod(id, 12, { status: { conditions } }))]))
  server.writes(created, (response) => response.end('{}'))
  await open()

  expect(await start(soon(200))).toEqual({ ok: false, error: { code: 'no_room' } })
})

test.each<[string, V1Pod['status'], object]>([
  ['memory', { containerStatuses: [container({ terminated: { exitCode: 137, reason: 'OOMKilled' } })] }, { reason: 'memory' }],
  [
    'an eviction',
    { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource' },
    { reason: 'lost', why: 'Evicted: The node was low on resource' },
  ],
  [
    'preemption',
    { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message: 'made room' }] },
    { reason: 'lost', why: 'PreemptionByScheduler: made room' },
  ],
  ['its deadline', { phase: 'Failed', reason: 'DeadlineExceeded' }, { reason: 'killed', why: 'the pod outlived its deadline' }],
  ['an agent that quits', { containerStatuses: [container({ terminated: { exitCode: 0 } })] }, { reason: 'quit' }],
  [
    'an agent that is killed',
    { containerStatuses: [container({ terminated: { exitCode: 137, reason: 'Error' } })] },
    { reason: 'lost', why: 'something killed the agent' },
  ],
])('%s is told as the reason, and the pod taken away', async (_, status, exit) => {
  const { sandbox, say } = await up()
  say(bookmark(20), modified(running(21, status)))

  expect(await sandbox.exited).toEqual(exit)
  await expect.poll(() => writes('DELETE')).toHaveLength(1)
  await expect(sandbox.dial(soon())).rejects.toThrow()
})

test('a pod that somebody else deletes is lost', async () => {
  const { sandbox, say } = await up()
  say(deleted(running(21)))

  expect(await sandbox.exited).toEqual({ reason: 'lost', why: 'the cluster ended the pod' })
})

test('a pod that the cluster has begun to end keeps its session for the time that is left, and waits for nobody any more', async () => {
  const going = (from: V1Pod): V1Pod => ({ ...from, metadata: { ...from.metadata, deletionTimestamp: new Date() } })
  const { sandbox, say } = await up()
  const claimed = going(running(21))
  delete claimed.metadata?.labels?.['dragoman.dev/pool']
  say(modified(claimed))
  let isOver = false
  void sandbox.exited.then(() => (isOver = true))
  await new Promise((done) => setTimeout(done, 50))
  expect(isOver).toBe(false)

  say(modified(going(running(22))))
  expect(await sandbox.exited).toEqual({ reason: 'lost', why: 'the cluster ends the pod, which nobody has' })
})

test('what is said late of an earlier pod of the name ends nothing', async () => {
  const { sandbox, say } = await up()
  say(deleted(pod(id, 5, { uid: 'another' })))
  let isOver = false
  void sandbox.exited.then(() => (isOver = true))
  await new Promise((done) => setTimeout(done, 50))

  expect(isOver).toBe(false)
})

test.each([404, 409])('a deletion answered with %i is done', async (status) => {
  const { sandbox } = await up()
  server.writes(refuses(429, { 'retry-after': '1' }), refuses(status))
  await sandbox.destroy()

  expect(await sandbox.exited).toEqual({ reason: 'killed' })
  await sandbox.destroy()
  expect(writes('DELETE').map(({ body }) => body)).toMatchObject(
    Array.from({ length: 2 }, () => ({ gracePeriodSeconds: 0, preconditions: { uid: `uid-${id}` } })),
  )
})

test('a claimed one leaves its pool by its uid, and nothing is written before', async () => {
  const { sandbox } = await up()
  const before = countsOf(server.metrics, 'dragoman_k8s_writes_total')
  await sandbox.dial(soon())
  expect(countsOf(server.metrics, 'dragoman_k8s_writes_total')).toEqual(before)

  await sandbox.claimed?.(DEFAULT_LIMITS)
  expect(writes('PATCH').map(({ body }) => body)).toEqual([
    [
      { op: 'test', path: '/metadata/uid', value: `uid-${id}` },
      { op: 'remove', path: '/metadata/labels/dragoman.dev~1pool' },
    ],
  ])
})

test('one server holds so many and no more', async () => {
  server.lists(has(10))
  server.watches(tells([]))
  await open({ sandboxesMax: 0 })

  expect(await start()).toEqual({ ok: false, error: { code: 'no_room' } })
  expect(writes('POST')).toEqual([])
})

test('without an image nothing runs', async () => {
  server.lists(has(10))
  server.watches(tells([]))
  await open()

  expect(await sandboxes.start(id, { limits: DEFAULT_LIMITS }, soon())).toMatchObject({ error: { code: 'start_failed' } })
})

test('it is adopted by its address while nobody answers for the cluster', async () => {
  server.lists(has(10))
  server.watches(tells([], 'cut'), refuses(503))
  await open()
  server.lists(refuses(503))
  const sandbox = await sandboxes.adopt(id, 'key', `${IP}:${AGENT_PORT}`)

  const stream = await sandbox?.dial(soon())
  expect(stream?.writable).toBe(true)
  stream?.destroy()
  expect(await sandboxes.adopt(id, 'key')).toBe(sandbox)
  expect(await sandboxes.adopt('sbother' as SandboxId, 'key', 'nowhere')).toBeUndefined()
})

test('a sweep takes the old that nobody claims, some at a time', async () => {
  const at = (ageMs: number) => new Date(Date.now() - ageMs)
  const aged = (name: string, ageMs: number) => {
    const { metadata, ...rest } = pod(name, 3)
    return { ...rest, metadata: { ...metadata, creationTimestamp: at(ageMs) } }
  }
  const old = Array.from({ length: 9 }, (_, i) => aged(`sbold${i}`, 100_000 - i))
  server.lists(has(10, ...old, aged('sbyoung', 30_000), aged('sbmine', 100_000)))
  server.watches(tells([]))
  server.writes((response) => response.end('{}'))
  await open()

  expect(await sandboxes.sweep(new Set(['sbmine' as SandboxId]))).toBe(5)
  expect(writes('DELETE').map(({ path }) => path.split('/').at(-1))).toEqual(['sbold0', 'sbold1', 'sbold2', 'sbold3', 'sbold4'])
  expect(countsOf(server.metrics, 'dragoman_k8s_pods_astray')).toEqual({ session: 9 })
})
