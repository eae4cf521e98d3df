import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { UNENFORCED_LABEL } from '../../k8s/test-cluster/enforcer/rules.ts'
import { PATIENCE, podHouse, type PodHouse, readiness, ready } from './pod-house.ts'

/** Beats stand still for 15 s, are looked at every 3 s, and then comes a dial. */
const ORPHAN = { timeout: 40_000, interval: 250 }
/** What a visitor waits at most until the session goes on elsewhere. */
const RESUME_MS_MAX = 3000
/** Prints as long as it is let. */
const PRINT = `import itertools, os, time
for n in itertools.count(1):
    print(f"line-{n}-{os.getpid()}", flush=True)
    time.sleep(0.05)
`

let walled: PodHouse
let open: PodHouse
beforeAll(async () => {
  ;[walled, open] = await Promise.all([podHouse('replicas'), podHouse('replicas-open', { [UNENFORCED_LABEL]: 'true' })])
})
afterEach(() => Promise.all([walled.clear(), open.clear()]))
afterAll(() => Promise.all([walled?.end(), open?.end()]))

const rowOf = async (session: string) => {
  const sql = 'SELECT owner, epoch, reason FROM session WHERE id = $1'
  return (await walled.rows<{ owner: string; epoch: number; reason: string | null }>(sql, session))[0]
}
/** Numbers of the lines, and the processes that printed them. */
function linesOf(text: string) {
  const lines = [...text.matchAll(/line-(\d+)-(\d+)\r/g)]
  return { numbers: lines.map(([, n]) => Number(n)), pids: new Set(lines.map(([, , pid]) => pid)) }
}
const LINE = /line-\d+-\d+\r\n/

// Faults 1, 3, 4, 5 and 28 of a control plane with several servers, on the real cluster.
test('a session goes from server to server: one that lives, one that is killed, one that goes; no byte is lost or said twice', async () => {
  const [a, b] = await Promise.all([walled.serve('replica-a'), walled.serve('replica-b')])
  await Promise.all([ready(a), ready(b)])
  const atA = await walled.visit(a)
  const session = await atA.started('python')
  await atA.run('main.py', PRINT)
  await atA.saw(/line-20-\d+\r/)

  // The first lives on, and is told.
  const atB = await walled.visit(b)
  const fromA = atA.end()
  expect(await atB.resume(session, fromA)).toMatchObject({ ok: true, value: { from: fromA, state: 'running' } })
  await atA.until(() => atA.told.moves.length > 0)
  await atB.saw(LINE)
  const orphan = await (await walled.visit(b)).started('python')
  await expect.poll(() => rowOf(orphan.session), PATIENCE).toMatchObject({ epoch: 1, reason: null })

  // The second is killed.
  b.process.kill('SIGKILL')
  await atB.until(() => atB.told.closed)
  const killedAt = performance.now()
  const again = await walled.visit(a)
  const fromB = atB.end()
  expect(await again.resume(session, fromB)).toMatchObject({ ok: true, value: { from: fromB } })
  expect(performance.now() - killedAt).toBeLessThan(RESUME_MS_MAX)

  // What nobody came back for is taken over by whoever lives.
  const c = await walled.serve('replica-c')
  await ready(c)
  await expect.poll(() => rowOf(orphan.session), ORPHAN).toMatchObject({ epoch: 2, reason: null })

  // The first goes: it says so, serves on, and hands over.
  a.process.kill('SIGTERM')
  await expect.poll(() => readiness(a), PATIENCE).toMatchObject({ status: 503 })
  await again.until(() => again.told.moves.length > 0)
  const atC = await walled.visit(c)
  const fromA2 = again.end()
  expect(await atC.resume(session, fromA2)).toMatchObject({ ok: true, value: { from: fromA2 } })
  again.close()
  await atC.saw(LINE)

  // Each had its part up to where it was when the next one asked.
  const parts = [atA.bytes().subarray(0, fromA), atB.bytes(), again.bytes().subarray(0, fromA2 - fromB), atC.bytes()]
  const { numbers, pids } = linesOf(Buffer.concat(parts).toString())
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  expect(pids.size).toBe(1)
  expect(await rowOf(session.session)).toMatchObject({ owner: expect.stringMatching(/^replica-c-/), epoch: 4, reason: null })
}, 180_000)

test('where policies are not enforced no session is opened, unless an operator says so by name', async () => {
  const env = { DRAGOMAN_POOL_MEMORY_MIB: '0' }
  const server = await open.serve('replica-open', env)
  await expect
    .poll(() => readiness(server), PATIENCE)
    .toMatchObject({ status: 503, text: expect.stringContaining('network_policy') })
  const refused = await (await open.visit(server)).start('python')
  expect(refused).toMatchObject({
    ok: false,
    error: { code: 'refusing_sessions', failed: expect.arrayContaining(['network_policy']) },
  })
  await server.stop()

  const named = await open.serve('replica-named', { ...env, DRAGOMAN_UNENFORCED_NETWORK: 'true' })
  await ready(named)
  expect(await (await open.visit(named)).start('python')).toMatchObject({ ok: true })
}, 180_000)
