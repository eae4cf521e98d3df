import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import type { LiveDeployment } from '#lib/application/ports/deployments.ts'
import { digestOf } from '#lib/application/testing/builds.ts'
import { python } from '#lib/application/testing/world.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { langId, type LangId } from '#lib/domain/ids.ts'
import { err, ok } from '#lib/domain/result.ts'
import { AGAIN_MS, FIRST_LOOK_MS, LiveLanguages, LOOK_MS } from './live-languages.ts'

const deployment = (lang: string, number: number, image = digestOf(`${lang} ${number}`)): LiveDeployment => ({
  ...{ lang: langId(lang) as LangId, number, image, agent: '1.0.0' },
  ...{ id: digestOf(`combination ${lang} ${image}`), config: digestOf(`config ${lang}`) },
})

function world(rows: readonly LiveDeployment[]) {
  const clock = memoryClock()
  const log = memoryLog()
  const here = {
    rows,
    isDown: false,
    changes: 0,
    looks: 0,
    failures: 0,
    missing: new Set<Digest>(),
    held: new Map<Digest, number>(),
  }
  /** Images that take until they are let. */
  const slow = new Map<Digest, PromiseWithResolvers<void>>()
  const count = (image: Digest, by: number) => void here.held.set(image, (here.held.get(image) ?? 0) + by)
  let announce = () => {}
  const live = new LiveLanguages({
    clock,
    log,
    deployments: {
      live: async () => {
        here.looks++
        if (here.isDown || here.looks <= here.failures) throw new Error('The database is down')
        return here.rows
      },
      config: async (digest) => (digest === digestOf('config gone') ? undefined : digest),
    },
    announcements: {
      on(_, call) {
        announce = call
        return () => void (announce = () => {})
      },
    },
    roots: {
      async hold({ image }) {
        await slow.get(image)?.promise
        if (here.missing.has(image)) return err({ code: 'bad_image', why: 'it is gone' })
        count(image, 1)
        return ok({ rootPath: '/root', agentPath: '/agent', release: () => count(image, -1) })
      },
    },
    parse: (text) => (text === digestOf('config odd') ? err('1:1 it is odd') : ok(python)),
    changed: () => void here.changes++,
  })
  const images = () => live.all().map(({ id, foundation }) => [id, foundation?.image])
  const settled = async () => {
    for (let n = 0; n < 20; n++) await new Promise((done) => setImmediate(done))
  }
  return {
    ...{ live, clock, log, here, slow, images },
    async announced() {
      announce()
      await settled()
    },
    async pass(ms: number) {
      clock.advance(ms)
      await settled()
    },
    held: () => [...here.held].filter(([, n]) => n > 0).map(([image]) => image),
  }
}

test('what is deployed stands on its image with its agent when the server has started', async () => {
  const [one, two] = [deployment('one', 3), deployment('two', 1)]
  const { live, held, here } = world([one, two])
  await live.start()

  expect(live.all()).toEqual([
    { ...python, id: 'one', foundation: { lang: 'one', image: one.image, agent: '1.0.0' } },
    { ...python, id: 'two', foundation: { lang: 'two', image: two.image, agent: '1.0.0' } },
  ])
  expect(held()).toEqual([one.image, two.image])
  expect(here.changes).toBe(2)
  live.stop()
  expect(held()).toEqual([])
})

test('an announced deployment counts once its image is here, and until then the one before does', async () => {
  const [first, second] = [deployment('one', 1), deployment('one', 2)]
  const { live, here, slow, images, announced, held, pass } = world([first])
  await live.start()
  const unpacking = Promise.withResolvers<void>()
  slow.set(second.image, unpacking)
  here.rows = [second]
  await announced()
  expect(images()).toEqual([['one', first.image]])

  unpacking.resolve()
  await pass(0)
  expect(images()).toEqual([['one', second.image]])
  expect(held()).toEqual([second.image])
  live.stop()
})

test('one that is replaced while its image comes never counts', async () => {
  const [first, second] = [deployment('one', 1), deployment('one', 2)]
  const { live, here, slow, images, announced, held, pass } = world([first])
  await live.start()
  const unpacking = Promise.withResolvers<void>()
  slow.set(second.image, unpacking)
  here.rows = [second]
  await announced()
  here.rows = [{ ...first, number: 3 }] // rolled back
  await announced()
  unpacking.resolve()
  await pass(0)

  expect(images()).toEqual([['one', first.image]])
  expect(held()).toEqual([first.image])
  live.stop()
})

test('an announcement that nobody heard costs a few seconds', async () => {
  const { live, here, images, pass } = world([])
  await live.start()
  here.rows = [deployment('one', 1)]
  await pass(LOOK_MS)

  expect(images()).toEqual([['one', here.rows[0]?.image]])
  live.stop()
})

test('while the database is down all stays as it is, and is said once', async () => {
  const { live, here, images, pass, announced, log } = world([deployment('one', 1)])
  await live.start()
  here.isDown = true
  for (let n = 0; n < 3; n++) await pass(LOOK_MS)
  expect(images()).toHaveLength(1)
  expect(log.events.filter(({ event }) => event === 'deployments stay as they are')).toHaveLength(1)

  here.isDown = false
  here.rows = [deployment('one', 2)]
  await announced()
  expect(images()).toEqual([['one', here.rows[0]?.image]])
  live.stop()
})

test('a database that answers only the second time costs nobody their session', async () => {
  const { live, here, images } = world([deployment('one', 1)])
  here.failures = 1
  await live.start()
  expect(images()).toHaveLength(1)
  live.stop()
})

test('a server whose database is down starts without waiting', async () => {
  const { live, here } = world([])
  here.isDown = true
  await live.start()
  expect(live.all()).toEqual([])
  live.stop()
})

test.each([
  ['its image', 'one', true],
  ['its config', 'gone', false],
  ['a config that can be read', 'odd', false],
])('without %s a language stays what it was, and is tried again later', async (_, lang, comesBack) => {
  const row = deployment(lang, 1)
  const { live, here, images, pass, log } = world([row])
  here.missing.add(row.image)
  await live.start()
  expect(images()).toEqual([])
  here.missing.clear()
  await pass(LOOK_MS)
  expect(images()).toEqual([])
  expect(log.events).toMatchObject([{ event: 'language not deployed' }])

  for (let ms = 0; ms < AGAIN_MS; ms += LOOK_MS) await pass(LOOK_MS)
  expect(images()).toEqual(comesBack ? [[lang, row.image]] : [])
  live.stop()
})

test('an image that takes long holds no start up for longer than its time, and comes all the same', async () => {
  const row = deployment('one', 1)
  const { live, slow, images, pass } = world([row])
  const unpacking = Promise.withResolvers<void>()
  slow.set(row.image, unpacking)
  const starting = live.start()
  await pass(FIRST_LOOK_MS)
  await starting
  expect(images()).toEqual([])

  unpacking.resolve()
  await pass(0)
  expect(images()).toEqual([['one', row.image]])
  live.stop()
})

test('a stopped one leaves no timer and holds nothing, also what comes late', async () => {
  const row = deployment('one', 1)
  const { live, slow, clock, held, pass } = world([row])
  const unpacking = Promise.withResolvers<void>()
  slow.set(row.image, unpacking)
  const starting = live.start()
  await pass(FIRST_LOOK_MS)
  await starting
  live.stop()
  unpacking.resolve()
  await pass(0)

  expect(held()).toEqual([])
  expect(clock.pending()).toBe(0)
})
