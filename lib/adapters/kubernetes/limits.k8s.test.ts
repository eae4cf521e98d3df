import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import type { V1LimitRange } from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

import { DEFAULT_LIMITS, type Limits, LIMITS_MAX } from '#lib/domain/limits.ts'

import { apply } from '../../../k8s/test-cluster/kubectl.ts'
import { podSpec } from './pod-spec.ts'
import { newId, podWorld, type PodWorld } from './testing/pod-world.ts'

const MIB = 1024 * 1024
const QUOTAS = resolve(import.meta.dirname, '../../../k8s/base/quotas.yaml')

let world: PodWorld
beforeAll(async () => {
  world = await podWorld()
})
afterAll(() => world.end())

test('what is reckoned at little may use all that its language is given', async () => {
  const sandboxes = await world.open()
  const sandbox = await world.start(sandboxes, { limits: { memoryBytes: 256 * MIB, cpus: 2 } })
  const [container] = (await world.pod(sandbox.id)).spec?.containers ?? []

  expect(container?.resources).toMatchObject({
    requests: { cpu: '10m', memory: `${48 * MIB}` },
    limits: { cpu: '2', memory: `${256 * MIB}` },
  })
  expect(await world.run(sandbox, 'head -c 150M /dev/zero > ~/held; wc -c < ~/held')).toBe(`${150 * MIB}`)
  await sandbox.destroy()
  await sandboxes.close()
})

test('the cluster takes a pod of the most that a language may have, and none of more', async () => {
  const { api, house } = world.options
  const range = parseAllDocuments(readFileSync(QUOTAS, 'utf8'))
    .map((document) => document.toJS() as V1LimitRange)
    .find(({ kind, metadata }) => kind === 'LimitRange' && metadata?.name === 'sessions')
  await apply({ ...range, metadata: { name: 'sessions', namespace: world.namespace } })

  const tried = (over: Partial<Limits>) => {
    const limits = { ...DEFAULT_LIMITS, ...LIMITS_MAX, ...over }
    const inputs = { id: newId(), kind: 'session', foundation: world.python, keySha256: '0'.repeat(64), limits } as const
    const body = podSpec(inputs, { ...house, userNamespaces: false, priorityClasses: false })
    const call = { verb: 'create', resource: 'pods', namespace: world.namespace, query: { dryRun: 'All' }, body } as const
    return api.call(call, AbortSignal.timeout(20_000))
  }
  expect(await tried({})).toMatchObject({ kind: 'Pod' })
  await expect(tried({ cpus: 4.001 })).rejects.toThrow('maximum cpu usage per Container is 4')
  await expect(tried({ memoryBytes: LIMITS_MAX.memoryBytes + 1 })).rejects.toThrow('maximum memory usage per Container is 8Gi')
})
