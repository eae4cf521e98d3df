import { setTimeout as pause } from 'node:timers/promises'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { hold } from './cluster-parts.ts'
import { answers, comesBack, metric, PATIENCE, podHouse, type PodHouse, readiness, ready } from './pod-house.ts'

/** Longer than a start is waited for. */
const AWAY_MS = 125_000
/** A prompt that waits is a visitor's within milliseconds; with an API server in its way it would take as long as that is away. */
const WARM_MS_MAX = 5000

let house: PodHouse
beforeEach(async () => {
  house = await podHouse('api-away')
})
afterEach(() => house?.end())

test('with the API server away for two minutes sessions go on, waiting prompts are handed out, and who cannot be served is told', async () => {
  const server = await house.serve('api-away', {
    DRAGOMAN_POOL_MEMBERS_MIN: '2',
    DRAGOMAN_POOL_MEMORY_MIB: '32',
    DRAGOMAN_SESSIONS_MAX: '4',
    DRAGOMAN_QUEUE_MAX: '1',
  })
  await ready(server)
  const [first, second, third, cold, waits, late] = await Promise.all(Array.from({ length: 6 }, () => house.visit(server)))
  await first!.started()
  await expect.poll(() => metric(server, 'dragoman_pool_members{kind="python",state="ready"}'), PATIENCE).toBe(2)

  const release = hold('kube-apiserver')
  const from = performance.now()
  try {
    for (const visitor of [second, third]) await visitor!.started()
    expect(performance.now() - from).toBeLessThan(WARM_MS_MAX)
    const [refused, queued] = [cold!.start('python'), waits!.start('python')]
    await waits!.until(() => waits!.told.phases.find(({ phase, place }) => phase === 'queued' && place === 1))
    expect(await late!.start('python')).toMatchObject({ ok: false, error: { code: 'queue_full' } })
    for (let n = 1; performance.now() - from < AWAY_MS; n++) {
      await Promise.all([answers(first!, n), answers(second!, n), answers(third!, n)])
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
      await pause(2000)
    }
    expect(await refused).toMatchObject({ ok: false, error: { code: 'start_failed' } })
    release()
    expect(await queued).toMatchObject({ ok: true }) // the next in the queue had the place, and the cluster is back
  } finally {
    release()
  }
  for (const visitor of [first, second, third, waits]) {
    await answers(visitor!, 999)
    await visitor!.call('leave', {})
  }
  await ready(server)
  await house.balances()
}, 300_000)

test('a server that starts while the API server is away comes up, resumes what runs, and lets new sessions in when it is back', async () => {
  const wire = await house.apiWire()
  const env = { DRAGOMAN_KUBECONFIG: wire.kubeconfig }
  const before = await house.serve('api-before', env)
  await ready(before)
  const visitor = await house.visit(before)
  const session = await visitor.started()
  await answers(visitor, 1)

  wire.set('cut')
  before.process.kill('SIGKILL')
  const server = await house.serve('api-after', env)
  expect(await readiness(server)).toMatchObject({ status: 503, text: expect.stringContaining('"cluster"') })
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  const again = await house.visit(server)
  await comesBack(again, session, visitor.end())
  await answers(again, 2)
  const refused = await (await house.visit(server)).start('python')
  expect(refused).toMatchObject({ ok: false, error: { code: 'refusing_sessions', failed: ['cluster'] } })

  wire.set('passes')
  await ready(server)
  await answers(again, 3)
  const newcomer = await house.visit(server)
  await newcomer.started()
  for (const each of [again, newcomer]) await each.call('leave', {})
  await house.balances()
})
