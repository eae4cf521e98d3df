import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'
import { serverHello } from '#lib/protocol/agent.ts'
import { controlFrame } from '#lib/protocol/frame.ts'

import { kubectl } from '../../../k8s/test-cluster/kubectl.ts'
import { clusterFacts } from './cluster-facts.ts'
import { newId, podWorld, type PodWorld } from './testing/pod-world.ts'
import { countsOf } from './testing/replay-server.ts'

const MIB = 1024 * 1024
const soon = () => AbortSignal.timeout(30_000)
/** A kubelet looks at its pods once a second. */
const PATIENCE = { timeout: 20_000 }

/** Asking for an end is one call; a machine that a storm keeps busy takes longer for it. */
const END_MS_MAX = 5500

let world: PodWorld
let sandboxes: Sandboxes
beforeAll(async () => {
  world = await podWorld()
})
afterAll(() => world.end())
beforeEach(async () => {
  sandboxes = await world.open()
})

/** Each test ends by proving that nothing of it is left; the next begins with nothing all the same. */
afterEach(async () => {
  await sandboxes.close()
  const left = await world.pods()
  await world.clear()
  expect(left).toEqual([])
})

test('a sandbox starts, runs a program as the visitor and goes', async () => {
  const phases: string[] = []
  const sandbox = await world.start(sandboxes, { phase: (phase) => phases.push(phase) })

  expect(phases.at(-1)).toBe('starting')
  expect(await world.run(sandbox, 'id -u; hostname; pwd; ls /proc | grep -c "^[0-9]"')).toMatch(
    /^1000\ndragoman\n\/home\/visitor\n[1-9]$/,
  )
  await sandbox.destroy()
  expect(await sandbox.exited).toEqual({ reason: 'killed' })
  await expect(sandbox.dial(soon())).rejects.toThrow()
  await sandbox.destroy()
})

test('programs have no right, no token, no service and no place but sized memory', async () => {
  const sandbox = await world.start(sandboxes, { limits: { homeBytes: 48 * MIB, tmpBytes: 20 * MIB } })
  const seen = await world.run(
    sandbox,
    [
      `grep -E '^(Cap(Eff|Prm|Bnd|Amb)|NoNewPrivs|Seccomp):' /proc/self/status | tr -s '\\t\\n' '  '; echo`,
      'ls /var/run/secrets /run/secrets 2>&1 | grep -c "No such file"',
      'env | grep -c KUBERNETES',
      `df --output=target,size -B1M /home/visitor /tmp /dev/shm /run/dragoman | tail -n +2 | tr -s ' '`,
      // What is written must be memory: no file system of the node's disk takes a byte.
      `for at in / /etc /usr /var /var/tmp /root /opt /dev /proc /sys /run /etc/hosts /etc/resolv.conf /dev/termination-log /root/last-words; do
         touch "$at/x" 2>/dev/null && echo "wrote in $at"; (: >> "$at") 2>/dev/null && echo "wrote $at"; done; echo looked`,
    ].join('\n'),
  )

  expect(seen.split('\n')).toEqual([
    expect.stringMatching(/^CapPrm: 0+ CapEff: 0+ CapBnd: 0+ CapAmb: 0+ NoNewPrivs: 1 Seccomp: 2/),
    '2',
    '0',
    '/home/visitor 48',
    '/tmp 20',
    '/dev/shm 20',
    '/run/dragoman 16',
    'looked',
  ])
  await sandbox.destroy()
})

test('what the cluster can is found out by asking, and a pod has its agent accordingly', async () => {
  const knows = (field: string) =>
    kubectl(['explain', `pod.spec.${field}`]).then(
      () => true,
      () => false,
    )
  const [imageVolumes, userNamespaces] = await Promise.all([knows('volumes.image'), knows('hostUsers')])
  const { api, house } = world.options
  const ask = (agentVolume: 'auto' | 'image') => clusterFacts(api, house, { hostUsers: 'auto', agentVolume }, soon())

  const facts = await ask('auto')
  const resizes = (await kubectl(['get', '--raw', '/api/v1'])).includes('"pods/resize"')
  expect(facts).toMatchObject({ ok: true, value: { imageVolumes, userNamespaces, resizes } })
  expect((await ask('image')).ok).toBe(imageVolumes)
  if (imageVolumes) return
  const sandbox = await world.start(sandboxes)
  expect((await world.pod(sandbox.id)).spec?.volumes?.[0]?.hostPath?.path).toContain(house.agent.nodeFolder)
  expect(await world.run(sandbox, 'ls /opt/dragoman-agent')).toBe('dragoman-agent')
  await sandbox.destroy()
})

test('starting twice under one id is one sandbox', async () => {
  const id = newId()
  const [first, second] = await Promise.all([world.start(sandboxes, {}, id), world.start(sandboxes, {}, id)])

  expect(second).toBe(first)
  expect(await world.pods()).toEqual([id])
  await first.destroy()
})

test('an agent that quits ends its sandbox', async () => {
  const sandbox = await world.start(sandboxes)
  const stream = await sandbox.dial(soon())
  stream.on('error', () => undefined)
  stream.write(controlFrame(serverHello(sandbox.key)))
  stream.write(controlFrame({ type: 'quit' }))

  expect(await sandbox.exited).toEqual({ reason: 'quit' })
  await expect.poll(world.pods, PATIENCE).toEqual([])
})

test('a pod that grows over its memory is told so, and its neighbour does not notice', async () => {
  const [small, neighbour] = await Promise.all([
    world.start(sandboxes, { limits: { memoryBytes: 96 * MIB } }),
    world.start(sandboxes),
  ])
  // What files hold cannot be given back: whichever process the kernel ends first, the agent's turn comes.
  const filled = world.run(small, 'head -c 60M /dev/zero > /home/visitor/a; head -c 60M /dev/zero > /tmp/b; sleep 20')

  await expect(filled).rejects.toThrow('hung up')
  expect(await small.exited).toEqual({ reason: 'memory' })
  expect(await world.run(neighbour, 'echo here')).toBe('here')
  await neighbour.destroy()
})

test('another server takes it over by its address, and the cluster by its name alone', async () => {
  const sandbox = await world.start(sandboxes)
  await world.run(sandbox, 'echo kept > /home/visitor/note')
  const [later, another] = [await world.open(), await world.open()]
  const byAddress = await later.adopt(sandbox.id, sandbox.key, sandbox.address)
  const byName = await another.adopt(sandbox.id, sandbox.key)

  expect(await world.run(byAddress!, 'cat /home/visitor/note')).toBe('kept')
  expect(byName?.address).toBe(sandbox.address)
  expect(await another.adopt(newId(), 'no such key')).toBeUndefined()
  expect(await (await world.open()).adopt(sandbox.id, 'another key')).toBeUndefined()
  await sandbox.destroy()
  expect(await byAddress?.exited).toEqual({ reason: 'lost', why: 'the cluster ended the pod' })
  await Promise.all([later.close(), another.close()])
})

test('what nobody claims is swept, what somebody claims or is young stays', async () => {
  const [mine, other] = await Promise.all([world.start(sandboxes), world.start(sandboxes)])
  const later = await world.open()
  expect(await later.sweep(new Set([mine.id]))).toBe(0)

  const old = await world.open({ youngMs: 0 })
  expect(await old.sweep(new Set([mine.id]))).toBe(1)
  expect(await other.exited).toEqual({ reason: 'lost', why: 'the cluster ended the pod' })
  expect(await world.pods()).toEqual([mine.id])
  await mine.destroy()
  await Promise.all([later.close(), old.close()])
})

test('an image that is not there is told long before the deadline, and leaves nothing', async () => {
  const foundation = { ...world.python, image: `sha256:${'0'.repeat(64)}` as typeof world.python.image }
  const from = performance.now()
  const refused = await sandboxes.start(newId(), { foundation, limits: DEFAULT_LIMITS }, soon())

  expect(refused).toMatchObject({ ok: false, error: { code: 'start_failed', why: expect.stringContaining('NotFound') } })
  expect(performance.now() - from).toBeLessThan(20_000)
  await expect.poll(world.pods, PATIENCE).toEqual([])
})

test('a sandbox that no node has room for is no room, and leaves nothing', async () => {
  const limits = { ...DEFAULT_LIMITS, cpus: 4000 }
  const house = { ...world.options.house, requests: { cpu: '4000' } }
  const crowded = await world.open({ house })

  expect(await crowded.start(newId(), { foundation: world.python, limits }, AbortSignal.timeout(3000))).toEqual({
    ok: false,
    error: { code: 'no_room' },
  })
  await expect.poll(world.pods, PATIENCE).toEqual([])
  await crowded.close()
})

test('an eviction is told as one, and takes only whom it meant', async () => {
  const [evicted, other] = await Promise.all([world.start(sandboxes), world.start(sandboxes)])
  const eviction = {
    ...{ apiVersion: 'policy/v1beta1', kind: 'Eviction' },
    metadata: { name: evicted.id, namespace: world.namespace },
  }
  await kubectl(
    ['create', '--raw', `/api/v1/namespaces/${world.namespace}/pods/${evicted.id}/eviction`, '-f', '-'],
    JSON.stringify(eviction),
  )

  expect(await evicted.exited).toEqual({ reason: 'lost', why: 'the cluster ended the pod' })
  expect(await world.run(other, 'echo here')).toBe('here')
  await other.destroy()
})

test('a member leaves its pool after it was claimed, not before', async () => {
  const writes = () => countsOf(world.metrics, 'dragoman_k8s_writes_total')
  const sandbox = await world.start(sandboxes, { ahead: 'python' })
  const before = writes()
  await world.run(sandbox, 'echo prompt')
  expect(writes()).toEqual(before)
  expect((await world.pod(sandbox.id)).metadata?.labels).toHaveProperty(['dragoman.dev/pool'], 'python')

  await sandbox.claimed?.(DEFAULT_LIMITS)
  await sandbox.claimed?.(DEFAULT_LIMITS)
  expect((await world.pod(sandbox.id)).metadata?.labels).not.toHaveProperty(['dragoman.dev/pool'])
  await sandbox.destroy()
})

test('a start that is given up leaves nothing', async () => {
  const giveUp = new AbortController()
  const starting = sandboxes.start(newId(), { foundation: world.python, limits: DEFAULT_LIMITS }, giveUp.signal)
  setTimeout(() => giveUp.abort(), 50)

  expect(await starting).toMatchObject({ ok: false, error: { code: 'start_failed' } })
  await expect.poll(world.pods, PATIENCE).toEqual([])
})

test('a storm of processes and full disks stay in their pod, which still goes at once', async () => {
  const [storm, neighbour] = await Promise.all([world.start(sandboxes), world.start(sandboxes)])
  const full = await world.run(
    storm,
    `head -c 300M /dev/zero > /home/visitor/a; head -c 100M /dev/zero > /tmp/b; echo; df --output=pcent /home/visitor /tmp | tail -n +2`,
  )
  expect(full.match(/100%/g)).toHaveLength(2)
  await world.run(storm, 'rm /home/visitor/a')
  const bomb = world.run(storm, `trap '' TERM INT HUP; bomb() { bomb | bomb & }; bomb; sleep 1000`).catch(String)

  expect(await world.run(neighbour, 'echo here')).toBe('here')
  const from = performance.now()
  await storm.destroy()
  expect(performance.now() - from).toBeLessThan(END_MS_MAX)
  expect(await bomb).toMatch(/Error|Resource temporarily unavailable/)
  expect(await world.run(neighbour, 'echo here')).toBe('here')
  await neighbour.destroy()
})
