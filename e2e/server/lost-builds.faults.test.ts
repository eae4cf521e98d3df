import { afterAll, beforeAll, expect, test } from 'vitest'

import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import { newLang } from '#lib/application/testing/builds.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { LOG_HEAD_BYTES_MAX, LOG_TAIL_BYTES_MAX } from '#lib/domain/log-sizes.ts'
import { languageRepository, tag } from '#lib/domain/repository.ts'
import { kubectl } from '../../k8s/test-cluster/kubectl.ts'
import { cutOff, hold } from './cluster-parts.ts'
import { builtInPods } from './built-in-pods.ts'

const MIB = 1024 * 1024
const VIEWERS = 200
const LINES = 20
const PATIENCE = { timeout: 60_000, interval: 100 }
const NOTHING = { atWork: [], pods: [], files: [], places: 0, chunks: [] }

let world: Awaited<ReturnType<typeof builtInPods>>
beforeAll(async () => {
  world = await builtInPods({ inPods: ['package', 'image'] })
})
afterAll(() => world?.close())

const lost = (build: BuildId) => world.query('SELECT FROM build_attempt WHERE build = $1 AND place_lost', [build])
const outcome = async (build: BuildId) => (await world.queue.find(build))?.outcome

test('a build that loses its pod is tried once more; its logs say why, and two hundred who watch are one reader', async () => {
  const build = await world.ask(`for n in $(seq ${LINES}); do echo "line $n"; sleep 0.1; done\nsleep 600`)
  const viewers = Array.from({ length: VIEWERS }, () => world.follow(build))
  const [first] = viewers
  await expect.poll(() => first?.said(), PATIENCE).toContain('line 1\n')
  const [callsBefore, readsBefore] = [world.pods.calls(), world.reads()]
  await expect.poll(() => first?.said(), PATIENCE).toContain(`line ${LINES}\n`)
  expect(world.pods.calls()).toBe(callsBefore) // the pod is spoken with, not its cluster
  expect(world.reads() - readsBefore).toBeLessThan(VIEWERS / 2) // each line has up to two: its text, and that there is no more yet

  for (const number of [1, 2]) {
    await expect.poll(() => first?.said().split(`line ${LINES}\n`), PATIENCE).toHaveLength(number + 1)
    await kubectl(['delete', 'pod', `${build}-package-${number}`, '-n', world.pods.namespace, '--grace-period=0', '--force'])
    await expect.poll(() => lost(build), PATIENCE).toHaveLength(number)
    await world.skipPauses()
  }
  await Promise.all(viewers.map(({ end }) => end))
  const why = (number: number) => `Pod ${build}-package-${number}: the pod was deleted`
  expect(await world.queue.find(build)).toMatchObject({ outcome: 'infra', reason: why(2), steps: [{ attempts: 2 }, {}, {}] })
  expect(first?.said()).toContain(`${why(1)}\n`)
  expect(first?.said()).toContain(`${why(2)}\n`)
  expect(first?.events.at(-1)).toMatchObject({ kind: 'end', outcome: 'infra', reason: why(2) })
  expect(new Set(viewers.map(({ said }) => said())).size).toBe(1)

  // Who comes back later finds both logs whole, and begins nothing.
  while ((await world.finalise()) > 0);
  const [builds, calls] = [await world.queue.list({ max: 100 }), world.pods.calls()]
  const late = world.follow(build)
  await late.end
  expect(late.said()).toBe(first?.said())
  expect(late.events.at(-1)?.kind).toBe('end')
  expect(await world.queue.list({ max: 100 })).toEqual(builds)
  expect(world.pods.calls()).toBe(calls)
  await expect.poll(() => world.left(), PATIENCE).toEqual(NOTHING)
})

test('a recipe may say twelve megabytes: its log keeps both ends, through a keeper that dies, and the build goes well', async () => {
  const build = await world.ask(`echo begun\nhead -c ${12 * MIB} /dev/zero | tr '\\0' 'x' | fold -w 99\necho\necho done`)
  const viewer = world.follow(build)
  await expect.poll(() => outcome(build), PATIENCE).toBe('ok')
  await viewer.end

  const objects: ObjectStore = world.objects
  const died = { keys: new Array<string>() }
  const dies: Pick<ObjectStore, 'put' | 'head'> = {
    head: (key) => objects.head(key),
    async put(key, source) {
      died.keys.push(key)
      for await (const _ of source) throw new Error('killed in the midst of it')
      throw new Error('there was nothing to keep')
    },
  }
  expect(await world.finalise(dies)).toBe(0)
  expect(died.keys).toContain(`logs/${build}/package.1.log`)
  expect(await objects.head(died.keys[0] as never)).toBeUndefined()
  const inChunks = world.follow(build)
  await inChunks.end
  while ((await world.finalise()) > 0);
  const kept = world.follow(build)
  await kept.end

  const said = kept.said()
  expect(said === inChunks.said()).toBe(true)
  expect(said.slice(0, 500)).toContain('begun\nx')
  expect(kept.events.filter(({ kind }) => kind === 'cut')).toHaveLength(1)
  expect(said.includes('x\ndone\n')).toBe(true)
  const texts = kept.events.flatMap((event) => (event.kind === 'text' ? event.bytes.length : []))
  const total = texts.reduce((sum, bytes) => sum + bytes, 0)
  expect(total).toBeGreaterThan(LOG_HEAD_BYTES_MAX)
  expect(total).toBeLessThan(LOG_HEAD_BYTES_MAX + LOG_TAIL_BYTES_MAX + MIB)
  await expect.poll(() => world.left(), PATIENCE).toEqual(NOTHING)
})

test('an attempt that comes too late with its image publishes nothing: the tag is that of whoever followed it', async () => {
  const lang = newLang()
  const late = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  let pushes = 0
  world.push.holds = async () => {
    if (++pushes > 1) return
    reached.resolve()
    await late.promise
  }
  const build = await world.ask('true', lang, 'head -c 16 /dev/urandom >/etc/made') // no two are alike
  await reached.promise
  for (const attempt of await world.queue.live()) await world.queue.lose(attempt, 'Nothing was heard of it')
  await expect.poll(async () => (await world.skipPauses(), outcome(build)), PATIENCE).toBe('ok')
  late.resolve()

  const ended = await world.queue.find(build)
  expect(ended?.steps.map(({ step, attempts }) => ({ step, attempts }))).toEqual([
    { step: 'package', attempts: 1 },
    { step: 'image', attempts: 2 },
    { step: 'test', attempts: 1 },
  ])
  while ((await world.finalise()) > 0);
  await expect.poll(() => world.left(), PATIENCE).toEqual(NOTHING)
  const repository = languageRepository(lang)
  const latest = tag('latest')
  if (!repository.ok || !latest.ok) throw new Error('names that are none')
  const tagged = await world.pods.images.getManifest(repository.value, { tag: latest.value })
  expect(tagged?.digest).toBe(ended?.steps[1]?.artifact)
  expect(await outcome(build)).toBe('ok')
})

test('a node that is gone costs a build one try: the next waits until it is there again, and goes well', async () => {
  const build = await world.ask('echo begun\nsleep 15\necho made')
  const viewer = world.follow(build)
  await expect.poll(viewer.said, PATIENCE).toContain('begun\n')
  const address = await kubectl([
    'get',
    'pod',
    `${build}-package-1`,
    '-n',
    world.pods.namespace,
    '-o',
    'jsonpath={.status.podIP}',
  ])
  const goOn = hold('kubelet')
  const mend = await cutOff(address)
  try {
    await expect.poll(() => lost(build), PATIENCE).toHaveLength(1)
    await world.skipPauses()
    const names = async () => (await world.pods.pods()).map(({ metadata }) => metadata?.name)
    await expect.poll(names, PATIENCE).toEqual([`${build}-package-2`])
  } finally {
    await mend()
    goOn()
  }
  await expect.poll(() => outcome(build), PATIENCE).toBe('ok')
  await viewer.end

  expect(viewer.said()).toContain(`Pod ${build}-package-1: it does not answer\n`)
  expect(viewer.said().split('made\n')).toHaveLength(2)
  expect((await world.queue.find(build))?.steps[0]).toMatchObject({ attempts: 2, outcome: 'ok' })
  while ((await world.finalise()) > 0);
  await expect.poll(() => world.left(), PATIENCE).toEqual(NOTHING)
})
