import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { memoryMetrics } from '#lib/adapters/memory/log.ts'
import { systemClock } from '#lib/adapters/system/time.ts'

import { kubeconfigPath, kubectl } from '../../../k8s/test-cluster/kubectl.ts'
import { type OwnNamespace, ownNamespace } from '../../../k8s/test-cluster/own-namespace.ts'
import { kubernetesApi } from './api.ts'
import { openCluster } from './cluster.ts'
import { LABEL, PART_OF } from './pod-names.ts'
import { watchPods } from './watch-pods.ts'

const PODS = 5000
/** At a time, so that each is done within the time of one call. */
const MAKERS = 8
/** Of all of them together; one pod as the cluster tells it has 3 KiB. */
const HEAP_BYTES_MAX = 2 * 1024 * 1024
const TEST_MS_MAX = 240_000
const PATIENCE = { timeout: 30_000 }

let namespace: OwnNamespace
beforeAll(async () => {
  namespace = await ownNamespace('foreign')
})
afterAll(() => namespace?.end())

/** No scheduler has this name, so none of these runs anywhere. */
const pod = (name: string, labels: Record<string, string>) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: namespace.name, labels } },
  spec: { schedulerName: 'nobody', containers: [{ name: 'none', image: 'none/none' }], automountServiceAccountToken: false },
})

/** By another process, whose memory is not the one that is measured. */
const create = (items: readonly object[]) =>
  kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))

function heap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

test(
  'five thousand pods of others in our namespace cost a server no memory, and hide none of its own',
  async () => {
    const metrics = memoryMetrics()
    const api = kubernetesApi(await openCluster(kubeconfigPath()), { clock: systemClock, metrics })
    const watch = watchPods({ api, clock: systemClock, metrics, namespace: namespace.name, kind: 'session' })
    try {
      await watch.ready(AbortSignal.timeout(PATIENCE.timeout))
      const before = heap()
      const names = Array.from({ length: PODS }, (_, n) => `foreign-${n}`)
      const share = PODS / MAKERS
      const parts = Array.from({ length: MAKERS }, (_, n) => names.slice(n * share, (n + 1) * share))
      await Promise.all(parts.map((part) => create(part.map((name) => pod(name, { app: 'of-others' })))))
      await create([pod('ours', { [LABEL.partOf]: PART_OF, [LABEL.kind]: 'session' })])
      await expect.poll(() => watch.all().map(({ name }) => name), PATIENCE).toEqual(['ours'])
      expect(heap() - before).toBeLessThan(HEAP_BYTES_MAX)
    } finally {
      watch.close()
      // All with one call, and again where that took too long: one by one it would be minutes.
      const all = `/api/v1/namespaces/${namespace.name}/pods`
      const left = () => kubectl(['get', 'pods', '-n', namespace.name, '-o', 'name'])
      while ((await left()) !== '') await kubectl(['delete', '--raw', all]).catch(() => undefined)
    }
  },
  TEST_MS_MAX,
)
