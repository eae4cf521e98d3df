import { appendFile, glob } from 'node:fs/promises'

import { afterEach, beforeEach, expect, test } from 'vitest'

import type { OwnServer } from '../../cli/own-server.ts'
import { apply, kubectl } from '../../k8s/test-cluster/kubectl.ts'
import { NODE, PAUSE_IMAGE } from '../../k8s/test-cluster/places.ts'
import { podProcesses } from '../../k8s/test-cluster/pod-processes.ts'
import type { Browser } from './browser.ts'
import { cutOff, hold, uidOf } from './cluster-parts.ts'
import { answers, metric, PATIENCE, podHouse, type PodHouse, ready } from './pod-house.ts'

/** Kubernetes itself waits five minutes before it says that the pods of a silent node are gone. */
const LOST_MS_MAX = 60_000
const LOST = { timeout: LOST_MS_MAX, interval: 100 }
const WARM_MS_MAX = 5000
/** Above the share of the node's disk that a pod may have. */
const TOO_MUCH = Buffer.alloc(256 * 2 ** 20, 'x'.repeat(99) + '\n')
const KEY = 'dragoman.dev/test'
const TAINT = `${KEY}=gone:NoExecute`
const URGENT = 'dragoman-test-urgent'

let house: PodHouse
beforeEach(async () => {
  house = await podHouse('node')
})
afterEach(() => house?.end())

/** A session on a server, and what its pod is called. */
async function opened(server: OwnServer): Promise<{ visitor: Browser; pod: string; address: string }> {
  const visitor = await house.visit(server)
  const { session } = await visitor.started()
  await answers(visitor, 1)
  const sql = 'SELECT sandbox, address FROM session WHERE id = $1'
  const find = async () => (await house.rows<{ sandbox: string; address: string }>(sql, session))[0]
  await expect.poll(find, PATIENCE).toBeDefined()
  const { sandbox, address } = (await find())!
  return { visitor, pod: sandbox, address: address.split(':')[0] ?? '' }
}
const waiting = (server: OwnServer, n: number) =>
  expect.poll(() => metric(server, 'dragoman_pool_members{kind="python",state="ready"}'), PATIENCE).toBe(n)

test('a node that is gone takes its session with it, which is told within a minute; a new one begins at once where there is room', async () => {
  const server = await house.serve('node-loss', { DRAGOMAN_POOL_MEMBERS_MIN: '1' })
  await ready(server)
  const { visitor, pod, address } = await opened(server)
  const uid = await uidOf(house.namespace, pod)
  await waiting(server, 1)
  const release = hold('kubelet')
  const mend = await cutOff(address)
  try {
    await expect.poll(() => visitor.told.ended, LOST).toBe('lost')
    const from = performance.now()
    const again = await house.visit(server)
    await again.started()
    expect(performance.now() - from).toBeLessThan(WARM_MS_MAX)
    await answers(again, 2)
    await again.call('leave', {})
  } finally {
    await mend()
    release()
  }
  await expect.poll(() => podProcesses(uid), PATIENCE).toEqual([])
  await house.balances()
})

test('what the kubelet evicts for its disk ends as lost, and nobody else notices', async () => {
  const server = await house.serve('node-disk', { DRAGOMAN_POOL_MEMORY_MIB: '0' })
  await ready(server)
  const [full, neighbour] = [await opened(server), await opened(server)]
  const uid = await uidOf(house.namespace, full.pod)
  // No program in it can write there: what grows is what the node keeps of it.
  for await (const path of glob(`/var/log/pods/*${uid}/sandbox/*.log`)) await appendFile(path, TOO_MUCH)

  await expect.poll(() => full.visitor.told.ended, PATIENCE).toBe('lost')
  await expect.poll(house.pods, PATIENCE).toEqual([neighbour.pod])
  await answers(neighbour.visitor, 2)
  await neighbour.visitor.call('leave', {})
  await house.balances()
}, 150_000)

test('a node that is tainted loses its sessions, who waits is served when it is back', async () => {
  const server = await house.serve('node-taint', { DRAGOMAN_POOL_MEMORY_MIB: '0' })
  await ready(server)
  const { visitor } = await opened(server)
  await kubectl(['taint', 'node', NODE.name, TAINT])
  const next = await house.visit(server)
  let starting: ReturnType<typeof next.start>
  try {
    await expect.poll(() => visitor.told.ended, PATIENCE).toBe('lost')
    starting = next.start('python')
    await expect.poll(async () => (await house.pods()).length, PATIENCE).toBe(1)
  } finally {
    await kubectl(['taint', 'node', NODE.name, `${KEY}-`])
  }
  expect(await starting).toMatchObject({ ok: true })
  await answers(next, 2)
  await next.call('leave', {})
  await house.balances()
})

test('a pod of somebody more urgent takes the place of a session, which is told; afterwards there is room again', async () => {
  const server = await house.serve('node-preempted', { DRAGOMAN_POOL_MEMORY_MIB: '0' })
  await ready(server)
  const { visitor } = await opened(server)
  const cpu = await kubectl(['get', 'node', NODE.name, '-o', 'jsonpath={.status.allocatable.cpu}'])
  const resources = { requests: { cpu } }
  const containers = [{ name: 'pause', image: PAUSE_IMAGE, command: ['/pause'], resources }]
  await apply(
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: URGENT }, value: 2_000_000 },
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'urgent', namespace: house.namespace } },
      spec: { containers, priorityClassName: URGENT, terminationGracePeriodSeconds: 0 },
    },
  )
  try {
    await expect.poll(() => visitor.told.ended, PATIENCE).toBe('lost')
    await expect.poll(house.pods, PATIENCE).toEqual(['urgent'])
  } finally {
    await kubectl(['delete', 'pod', 'urgent', '-n', house.namespace, '--grace-period=0', '--force', '--ignore-not-found'])
    await kubectl(['delete', 'priorityclass', URGENT, '--ignore-not-found'])
  }
  const next = await opened(server)
  await next.visitor.call('leave', {})
  await house.balances()
})
