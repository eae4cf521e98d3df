import { afterEach, beforeEach, expect, test } from 'vitest'

import type { OwnServer } from '../../cli/own-server.ts'
import { kubectl } from '../../k8s/test-cluster/kubectl.ts'
import { podProcesses } from '../../k8s/test-cluster/pod-processes.ts'
import { uidOf } from './cluster-parts.ts'
import { answers, comesBack, metric, PATIENCE, podHouse, type PodHouse, ready } from './pod-house.ts'

/** Two looks of 30 s after the records answered for a minute, and pods are young for as long. */
const SWEPT_MS_MAX = 120_000
/** A member that does not answer is given up after a second; then a pod is made. */
const START_MS_MAX = 30_000
/** Longer than five beats of 3 s. */
const HELD = { timeout: 60_000, interval: 250 }

let house: PodHouse
beforeEach(async () => {
  house = await podHouse('pool')
})
afterEach(() => house?.end())

const members = async () => {
  const sql = `SELECT sandbox FROM pool_member WHERE state = 'free'`
  return house.rows<{ sandbox: string }>(sql)
}
const full = (n: number) => expect.poll(async () => (await members()).length, PATIENCE).toBe(n)
async function starts(server: OwnServer, n: number) {
  const visitors = await Promise.all(Array.from({ length: n }, () => house.visit(server)))
  const answered = await Promise.all(visitors.map((visitor) => visitor.start('python')))
  return {
    visitors,
    failed: answered.filter(({ ok }) => !ok),
    sessions: answered.flatMap((each) => (each.ok ? [each.value] : [])),
  }
}

test('while a quota says that all is spent starts are refused and counted, and go on when it says otherwise', async () => {
  const server = await house.serve('pool-quota', { DRAGOMAN_POOL_MEMORY_MIB: '0' })
  await ready(server)
  await kubectl(['create', 'quota', 'wrong', '--hard=pods=0', '-n', house.namespace])
  const counts = () => kubectl(['get', 'quota', 'wrong', '-n', house.namespace, '-o', 'jsonpath={.status.hard.pods}'])
  await expect.poll(counts, PATIENCE).toBe('0')
  const { failed, visitors } = await starts(server, 2).finally(() => kubectl(['delete', 'quota', 'wrong', '-n', house.namespace]))
  expect(failed).toMatchObject([{ error: { code: 'no_room' } }, { error: { code: 'no_room' } }])
  expect(await metric(server, 'dragoman_session_start_failures_total{reason="no_room"}')).toBe(2)

  await expect.poll(async () => (await visitors[0]!.start('python')).ok, PATIENCE).toBe(true)
  await answers(visitors[0]!, 1)
  await visitors[0]!.call('leave', {})
  await house.balances()
})

test('a pod whose server was killed before it was anybody’s is found and swept', async () => {
  const first = await house.serve('pool-killed', { DRAGOMAN_POOL_MEMORY_MIB: '0' })
  await ready(first)
  await expect.poll(house.pods, PATIENCE).toEqual([]) // its self-test's is gone
  const visitor = await house.visit(first)
  void visitor.start('python')
  await expect.poll(async () => (await house.pods()).length, { timeout: 30_000, interval: 50 }).toBe(1)
  first.process.kill('SIGKILL')
  expect(await house.rows('SELECT id FROM session')).toEqual([])

  const second = await house.serve('pool-sweeps', { DRAGOMAN_POOL_MEMORY_MIB: '0' })
  await ready(second)
  await expect.poll(house.pods, { timeout: SWEPT_MS_MAX, interval: 500 }).toEqual([])
  expect(await metric(second, 'dragoman_sandboxes_swept_total')).toBe(1)
})

test('a member that a server leased and died with is nobody’s: its pod goes, and no visitor ever has it', async () => {
  const server = await house.serve('pool-leased')
  await ready(server)
  await full(1)
  const [member] = await members()
  const leased = `UPDATE pool_member SET owner = 'gone', state = 'leased', leased_by = $2, leased_at = now() WHERE sandbox = $1`
  await house.rows(leased, member!.sandbox, 'c'.repeat(32))
  await house.rows(`INSERT INTO replica (name) VALUES ('gone')`)
  const { visitors, failed, sessions } = await starts(server, 2)
  expect(failed).toEqual([])

  await expect.poll(house.pods, { timeout: SWEPT_MS_MAX, interval: 500 }).not.toContain(member!.sandbox)
  expect(await house.rows('SELECT name FROM replica WHERE name = $1', 'gone')).toEqual([])
  const ids = sessions.map(({ session }) => session)
  const used = await house.rows<{ sandbox: string }>('SELECT sandbox FROM session WHERE id = ANY($1)', ids)
  expect(used.map(({ sandbox }) => sandbox)).not.toContain(member!.sandbox)
  for (const visitor of visitors) await visitor.call('leave', {})
  await house.balances()
})

test('members that stand still, or are being taken away, are passed over: each start gets a prompt', async () => {
  const server = await house.serve('pool-poisoned', { DRAGOMAN_POOL_MEMBERS_MIN: '3', DRAGOMAN_POOL_MEMORY_MIB: '48' })
  await ready(server)
  await full(3)
  const [still, going] = await members()
  for (const pid of podProcesses(await uidOf(house.namespace, still!.sandbox))) process.kill(pid, 'SIGSTOP')
  await kubectl(['delete', 'pod', going!.sandbox, '-n', house.namespace, '--wait=false'])

  const from = performance.now()
  const { visitors, failed, sessions } = await starts(server, 3)
  expect(failed).toEqual([])
  expect(performance.now() - from).toBeLessThan(START_MS_MAX)
  await Promise.all(visitors.map((visitor, n) => answers(visitor, n + 1)))
  const ids = sessions.map(({ session }) => session)
  await expect.poll(() => house.rows('SELECT sandbox FROM session WHERE id = ANY($1)', ids), PATIENCE).toHaveLength(3)
  const used = await house.rows<{ sandbox: string }>('SELECT sandbox FROM session WHERE id = ANY($1)', ids)
  expect(used.map(({ sandbox }) => sandbox)).not.toContain(still!.sandbox)
  for (const visitor of visitors) await visitor.call('leave', {})
  await house.balances()
})

test('two servers that start at once from one pool give each visitor a sandbox of their own', async () => {
  const [a, b] = await Promise.all([house.serve('pool-a'), house.serve('pool-b')])
  await Promise.all([ready(a), ready(b)])
  await full(1)
  const both = await Promise.all([starts(a, 2), starts(b, 2)])
  const visitors = both.flatMap((each) => each.visitors)
  expect(both.flatMap((each) => each.failed)).toEqual([])
  await Promise.all(visitors.map((visitor, n) => answers(visitor, n + 1)))
  for (const visitor of visitors) await visitor.call('leave', {})
  await house.balances()
  const sandboxes = await house.rows<{ n: number; of: number }>(
    'SELECT count(DISTINCT sandbox)::int AS n, count(*)::int AS of FROM session',
  )
  expect(sandboxes[0]?.n).toBe(sandboxes[0]?.of)
})

test('a server that stood still and wakes is fenced: what another took over goes on there, and nothing of it is ended', async () => {
  const [a, b] = await Promise.all([house.serve('partition-a'), house.serve('partition-b')])
  await Promise.all([ready(a), ready(b)])
  const visitor = await house.visit(a)
  const session = await visitor.started()
  await answers(visitor, 1)
  const owner = async () =>
    (await house.rows<{ owner: string }>('SELECT owner FROM session WHERE id = $1', session.session))[0]?.owner
  await expect.poll(owner, PATIENCE).toMatch(/^partition-a/)

  a.process.kill('SIGSTOP')
  await expect.poll(owner, HELD).toMatch(/^partition-b/)
  const again = await house.visit(b)
  const seen = visitor.end()
  await comesBack(again, session, seen)
  again.type('left = 41\n')
  await again.saw('left = 41\r\n>>> ')
  a.process.kill('SIGCONT')
  visitor.type('left = 0\n') // a page that never heard of it
  await visitor.until(() => visitor.told.moves.length > 0 || visitor.told.closed !== undefined)
  expect(visitor.told.ended).toBeUndefined()
  again.type('print("left", left + 1)\n')
  await again.saw('\r\nleft 42\r\n')
  expect(visitor.end()).toBe(seen) // and it was sent no byte of this
  expect(await owner()).toMatch(/^partition-b/)
  await again.call('leave', {})
  await house.balances()
})
