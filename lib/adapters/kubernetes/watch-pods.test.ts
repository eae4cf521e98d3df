import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { systemClock } from '#lib/adapters/system/time.ts'

import {
  added,
  bookmark,
  countsOf,
  deleted,
  failure,
  has,
  modified,
  pod,
  refuses,
  replayServer,
  tells,
  type ReplayServer,
} from './testing/replay-server.ts'
import { watchPods, type PodWatch, type WatchOptions } from './watch-pods.ts'

let server: ReplayServer
let watch: PodWatch | undefined
beforeEach(async () => {
  server = await replayServer()
})
afterEach(async () => {
  watch?.close()
  watch = undefined
  await server.close()
})

/** Its waits are short, so that a test need not be long. */
async function begin(over: Partial<WatchOptions> = {}): Promise<PodWatch> {
  const { api, metrics } = server
  const pauseMs = { first: 5, max: 50 }
  const options = { api, clock: systemClock, metrics, namespace: 'sessions', kind: 'session' as const, pauseMs }
  watch = watchPods({ ...options, ...over })
  await watch.ready(AbortSignal.timeout(10_000))
  return watch
}

const names = () =>
  watch
    ?.all()
    .map(({ name }) => name)
    .sort()
const restarts = () => countsOf(server.metrics, 'dragoman_k8s_watch_restarts_total')
const watches = () => server.asked.filter(({ query }) => query.has('watch')).map(({ query }) => query.get('resourceVersion'))
const lists = () => server.asked.filter(({ query }) => !query.has('watch')).length

test('it lists, then hears what comes after', async () => {
  server.lists(has(10, pod('a', 3), pod('b', 4)))
  server.watches(tells([added(pod('c', 11)), modified(pod('a', 12)), deleted(pod('b', 13))]))
  await begin()

  await expect.poll(names).toEqual(['a', 'c'])
  expect(watch?.get('a')?.version).toBe('12')
  const [list, first] = server.asked
  expect(list?.path).toBe('/api/v1/namespaces/sessions/pods')
  expect(list?.query.get('labelSelector')).toBe('app.kubernetes.io/part-of=dragoman,dragoman.dev/kind=session')
  expect(Object.fromEntries(first?.query ?? [])).toMatchObject({ allowWatchBookmarks: 'true', resourceVersion: '10' })
  expect(Number(first?.query.get('timeoutSeconds'))).toBeLessThanOrEqual(300)
})

test('a watch that ended or was cut goes on at the last version, by event or bookmark', async () => {
  server.lists(has(10))
  server.watches(tells([added(pod('a', 11))], 'ends'), tells([bookmark(40)], 'cut'), tells([]))
  await begin()

  await expect.poll(watches).toEqual(['10', '11', '40'])
  expect(lists()).toBe(1)
  expect(restarts()).toEqual({ ended: 1, lost: 1 })
})

test.each([
  ['an answer', refuses(410)],
  ['an event', tells([failure(410)])],
])('after 410 by %s all is listed again, and a missed deletion found', async (_, gone) => {
  server.lists(has(10, pod('a', 3), pod('b', 4)), has(90, pod('b', 4), pod('c', 80)))
  server.watches(gone, tells([]))
  await begin()

  await expect.poll(names).toEqual(['b', 'c'])
  await expect.poll(watches).toEqual(['10', '90'])
  expect(restarts()).toEqual({ gone: 1 })
})

test('a watch that says an error, or what nobody can read, is not believed further', async () => {
  server.lists(has(10, pod('a', 3)), has(20), has(30, pod('b', 29)))
  server.watches(tells([failure(500)]), (response) => response.end('{"type": no\n'), tells([]))
  await begin()

  await expect.poll(names).toEqual(['b'])
  expect(restarts()).toEqual({ error: 2 })
})

test('a watch that fell silent is left, and all listed again', async () => {
  server.lists(has(10, pod('a', 3)), has(20))
  server.watches(tells([added(pod('b', 11))]), tells([]))
  await begin({ silenceMs: 100 })

  await expect.poll(names).toEqual([])
  expect(restarts()['silent']).toBeGreaterThan(0)
})

test('a server that takes the call and never answers is silence too', async () => {
  server.lists(has(10, pod('a', 3)), has(20, pod('b', 12)))
  server.watches(() => {}, tells([]))
  await begin({ silenceMs: 100 })

  await expect.poll(names).toEqual(['b'])
})

test('all is listed now and then even if the watch says nothing is wrong', async () => {
  server.lists(has(10, pod('dropped', 3)), has(20))
  server.watches(tells([], 'ends'))
  await begin({ relistMs: 60 })

  await expect.poll(names).toEqual([])
})

test('a list older than what is known is not believed', async () => {
  server.lists(has(50, pod('a', 3), pod('b', 45)), has(40, pod('a', 3)), has(60, pod('b', 45), pod('c', 55)))
  server.watches(refuses(410), tells([]))
  await begin()

  await expect.poll(names).toEqual(['b', 'c'])
  expect(restarts()).toEqual({ gone: 1, stale_list: 1 })
})

test('who has too much to do is asked again when it said', async () => {
  server.lists(refuses(429, { 'retry-after': '1' }), has(10))
  server.watches(refuses(429, { 'retry-after': '1' }), tells([]))
  const from = performance.now()
  await begin()
  expect(performance.now() - from).toBeGreaterThan(990)

  await expect.poll(watches, { timeout: 5000 }).toEqual(['10', '10'])
  expect(performance.now() - from).toBeGreaterThan(1980)
})

test('while nobody answers what is known stays known, and its age grows', async () => {
  server.lists(has(10, pod('a', 3)))
  server.watches(tells([], 'cut'), refuses(503))
  await begin()
  await expect.poll(() => restarts()['refused']).toBeGreaterThan(2)

  expect(names()).toEqual(['a'])
  expect(watch?.ageMs()).toBeGreaterThan(0)
  expect(countsOf(server.metrics, 'dragoman_k8s_watch_last_event_age_seconds')).toHaveProperty('session')
})

test('long lists come in pages, and one that took too long begins anew', async () => {
  const page = (next: string, name: string) => (response: Parameters<ReturnType<typeof has>>[0]) =>
    void response.end(JSON.stringify({ metadata: { resourceVersion: '10', continue: next }, items: [pod(name, 3)] }))
  server.lists(page('p2', 'a'), refuses(410), page('p2', 'a'), page('', 'b'))
  server.watches(tells([]))
  await begin()

  expect(names()).toEqual(['a', 'b'])
  expect(server.asked.map(({ query }) => query.get('continue')).slice(0, 4)).toEqual([null, 'p2', null, 'p2'])
})

test('once closed it asks nothing more and holds nothing open', async () => {
  server.lists(has(10))
  server.watches(tells([], 'ends'))
  await begin()
  watch?.close()
  await new Promise(setImmediate)
  const asked = server.asked.length

  await new Promise((done) => setTimeout(done, 150))
  expect(server.asked.length).toBeLessThanOrEqual(asked + 1) // one may have been under way
})

/** Bytes of the heap that are still reachable. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

test('memory holds what we need of a pod, not what the cluster says of it', async () => {
  const PODS = 5000
  const BYTES_PER_POD_MAX = 3000
  const words = 'x'.repeat(10_000)
  const large = (i: number) => {
    const { metadata, ...rest } = pod(`p${i}`, i + 1)
    return { metadata: { ...metadata, annotations: { words } }, ...rest }
  }
  server.lists((response, { query }) => {
    const from = Number(query.get('continue') ?? 0)
    const items = Array.from({ length: 500 }, (_, i) => large(from + i))
    const next = from + 500 < PODS ? `${from + 500}` : ''
    response.end(JSON.stringify({ metadata: { resourceVersion: `${PODS}`, continue: next }, items }))
  })
  server.watches(tells([]))
  const before = heap()
  await begin()
  server.asked.length = 0

  expect(watch?.all()).toHaveLength(PODS)
  expect((heap() - before) / PODS).toBeLessThan(BYTES_PER_POD_MAX)
})
