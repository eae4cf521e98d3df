import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

import { memoryLog, memoryMetrics } from '#lib/adapters/memory/log.ts'
import { kubernetesApi, type KubernetesApi } from '#lib/adapters/kubernetes/api.ts'
import { apiServerAddresses, openCluster } from '#lib/adapters/kubernetes/cluster.ts'
import { podSandboxes, type PodOptions } from '#lib/adapters/kubernetes/sandboxes.ts'
import { systemClock, systemRandom } from '#lib/adapters/system/time.ts'
import type { Language } from '#lib/domain/language.ts'

import { TOP } from '../../../cli/setup/stamps.ts'
import { apply, kubeconfigPath, kubectl } from '../../../k8s/test-cluster/kubectl.ts'
import { ownNamespace, type OwnNamespace } from '../../../k8s/test-cluster/own-namespace.ts'
import { REGISTRY } from '../../../k8s/test-cluster/places.ts'
import { testWorld } from '../../../k8s/test-cluster/world.ts'
import { never, python } from '../testing/world.ts'
import { proveSandbox } from './prove-sandbox.ts'

let api: KubernetesApi
let apiServer: string[]
const metrics = memoryMetrics()
const namespaces: OwnNamespace[] = []

beforeAll(async () => {
  const cluster = await openCluster(kubeconfigPath())
  api = kubernetesApi(cluster, { clock: systemClock, metrics })
  apiServer = await apiServerAddresses(cluster)
})
afterAll(() => Promise.all(namespaces.map((namespace) => namespace.end())))

/** The very policies that are installed with a server. */
const POLICIES = parseAllDocuments(readFileSync(join(TOP, 'k8s/base/network-sandboxes.yaml'), 'utf8')).map(
  (document) => document.toJS() as { metadata: { name: string } },
)

type How = { readonly enforced?: boolean; readonly canary?: PodOptions['canary']; readonly userNamespaces?: boolean }

async function prove({ enforced = true, canary, userNamespaces = false }: How) {
  const { agentCache, agentVersion, images } = testWorld()
  const namespace = await ownNamespace('agent-sessions', enforced ? {} : { 'dragoman.dev/unenforced': 'true' })
  namespaces.push(namespace)
  await apply(...POLICIES.map((policy) => ({ ...policy, metadata: { ...policy.metadata, namespace: namespace.name } })))
  const sandboxes = await podSandboxes({
    ...{ api, clock: systemClock, metrics, log: memoryLog(), sandboxesMax: 3, kind: 'probe', canary: canary ?? apiServer },
    house: { namespace: namespace.name, registry: REGISTRY, agent: { nodeFolder: agentCache } },
    facts: { userNamespaces: false, priorityClasses: false },
  })
  const foundation = { lang: python.id, image: images.python, agent: agentVersion } as Language['foundation']
  const world = { sandboxes, clock: systemClock, metrics, random: systemRandom }
  const proofs = await proveSandbox(world, { ...python, foundation } as Language, userNamespaces, never)
  const left = await kubectl(['get', 'pods', '-n', namespace.name, '-o', 'name', '--ignore-not-found'])
  await sandboxes.close()
  return { proofs, left }
}

const failed = (proofs: Awaited<ReturnType<typeof proveSandbox>>) => proofs.filter(({ ok }) => !ok)

test('a pod under policies that are enforced keeps all that it promises, and is gone afterwards', async () => {
  const { proofs, left } = await prove({})
  expect(failed(proofs)).toEqual([])
  expect(proofs.length).toBeGreaterThan(10)
  expect(left).toBe('')
})

test('where policies are accepted and not enforced that is found out before anything else, and nothing is left', async () => {
  const { proofs, left } = await prove({ enforced: false })
  expect(failed(proofs)).toEqual([{ name: 'network_policy', ok: false, detail: 'something was reached' }])
  expect(proofs).toHaveLength(1)
  expect(left).toBe('')
})

test('an operator may say by name that this is known; all the rest must hold', async () => {
  const { proofs } = await prove({ enforced: false, canary: 'tolerated' })
  expect(failed(proofs)).toEqual([])
})

test('a cluster that ignores user namespaces is found out, whatever its objects say', async () => {
  const { proofs } = await prove({ userNamespaces: true })
  expect(failed(proofs)).toMatchObject([{ name: 'ids are as the cluster says', detail: '0 0 4294967295' }])
})
