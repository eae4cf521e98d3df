import { setTimeout as pause } from 'node:timers/promises'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { kubectl } from '../../k8s/test-cluster/kubectl.ts'
import { answers, metric, PATIENCE, podHouse, type PodHouse, ready } from './pod-house.ts'

/** A watch is left after 60 s without a word, and then all is listed. */
const DEAF = { timeout: 100_000, interval: 500 }
/** A busy machine starts a pod in seconds; an answer that never comes is given up after 15 s and asked for again. */
const START_MS_MAX = 60_000
const AGE_MS_MAX = 60
const SILENT = 'dragoman_k8s_watch_restarts_total{reason="silent"}'
const AGE = 'dragoman_k8s_watch_last_event_age_seconds{kind="session"}'

let house: PodHouse
beforeEach(async () => {
  house = await podHouse('watch')
})
afterEach(() => house?.end())

test('with every line to the API server gone dumb sessions start and end all the same, and within a minute all is heard again', async () => {
  const wire = await house.apiWire()
  const server = await house.serve('watch-deaf', { DRAGOMAN_KUBECONFIG: wire.kubeconfig, DRAGOMAN_POOL_MEMORY_MIB: '0' })
  await ready(server)
  const visitor = await house.visit(server)
  await visitor.started()
  const [pod = ''] = await house.pods()
  await answers(visitor, 1)

  wire.deafen()
  await kubectl(['delete', 'pod', pod, '-n', house.namespace, '--grace-period=0', '--force'])
  await expect.poll(() => visitor.told.ended, PATIENCE).toBe('lost')
  const from = performance.now()
  const next = await house.visit(server)
  await next.started()
  expect(performance.now() - from).toBeLessThan(START_MS_MAX)
  await answers(next, 2)
  await expect.poll(() => metric(server, SILENT), DEAF).toBeGreaterThanOrEqual(1)
  await pause(5000) // the age is told every five seconds
  expect(await metric(server, AGE)).toBeLessThan(AGE_MS_MAX)
  await next.call('leave', {})
  await house.balances()
})
