import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { kubectl } from '../../../k8s/test-cluster/kubectl.ts'
import { podProcesses } from '../../../k8s/test-cluster/pod-processes.ts'
import { LABEL } from './pod-names.ts'
import { newId, podWorld, type PodWorld } from './testing/pod-world.ts'

const PATIENCE = { timeout: 20_000 }
/** Where nobody listens. */
const NO_REGISTRY = 'localhost:1'
/** Time for a pull to fail twice, so that the node backs off. */
const START_MS = 8000

let world: PodWorld
let sandboxes: Sandboxes
beforeAll(async () => {
  world = await podWorld()
})
afterAll(() => world.end())
afterEach(async () => {
  await sandboxes.close()
  await expect.poll(world.pods, PATIENCE).toEqual([])
})

test('an image that cannot be pulled is waited for until the deadline, then said, and its pod does not stay', async () => {
  sandboxes = await world.open({ house: { ...world.options.house, registry: NO_REGISTRY } })
  const needs = { foundation: world.python, limits: DEFAULT_LIMITS }
  const refused = await sandboxes.start(newId(), needs, AbortSignal.timeout(START_MS))

  expect(refused).toMatchObject({
    ok: false,
    error: { code: 'start_failed', why: expect.stringMatching(/Image(Pull|PullBackOff)/) },
  })
})

test('an agent that is killed ends its sandbox as lost, and nothing of the pod stays', async () => {
  sandboxes = await world.open()
  const sandbox = await world.start(sandboxes)
  const { metadata } = await world.pod(sandbox.id)
  const [agent = 0] = podProcesses(metadata?.uid ?? '')
  process.kill(agent, 'SIGKILL')

  expect(await sandbox.exited).toEqual({ reason: 'lost', why: 'something killed the agent' })
  await expect.poll(world.pods, PATIENCE).toEqual([])
  await expect.poll(() => podProcesses(metadata?.uid ?? ''), PATIENCE).toEqual([])
})

test('a pod whose labels somebody takes is lost to its server, which ends it all the same', async () => {
  sandboxes = await world.open()
  const sandbox = await world.start(sandboxes)
  await kubectl(['label', 'pod', sandbox.id, '-n', world.namespace, `${LABEL.kind}-`])

  expect(await sandbox.exited).toMatchObject({ reason: 'lost' })
  await sandbox.destroy() // as whoever had it does when it is lost
  const find = () => kubectl(['get', 'pods', '-n', world.namespace, '-o', 'name'])
  await expect.poll(find, PATIENCE).toBe('')
})
