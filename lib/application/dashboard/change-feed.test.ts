import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import type { Announced } from '#lib/application/ports/build-logs.ts'
import type { Mark } from '#lib/application/ports/overviews.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import { ChangeFeed, type Changes, GATHER_MS, LOOK_EVERY_MS } from './change-feed.ts'

const lang = (id: string, mark: string, build: string | null = null): Mark => ({
  ...{ kind: 'lang', id: id as LangId, mark },
  build: build as BuildId | null,
})
const build = (id: string, lang: string, mark: string): Mark => ({ kind: 'build', id: id as BuildId, lang: lang as LangId, mark })
const settled = () => new Promise((done) => setImmediate(done))

function world() {
  const clock = memoryClock()
  const hearers = new Map<Announced, () => void>()
  let marks: readonly Mark[] | Error = [lang('ada', '1'), lang('lua', '1')]
  let reads = 0
  const feed = new ChangeFeed({
    overviews: {
      async marks() {
        reads++
        if (marks instanceof Error) throw marks
        return marks
      },
    },
    announcements: {
      on(what, call) {
        hearers.set(what, call)
        return () => hearers.delete(what)
      },
    },
    clock,
    log: memoryLog(),
  })
  return {
    feed,
    hearers,
    reads: () => reads,
    become: (next: typeof marks) => (marks = next),
    announce: (what: Announced) => hearers.get(what)?.(),
    async passes(ms: number) {
      clock.advance(ms)
      await settled()
    },
    async watcher() {
      const told: Changes[] = []
      const end = feed.watch((changes) => told.push(changes))
      await settled()
      return { told, end }
    },
  }
}

test('who watches is told what is other than it was, once', async () => {
  const { announce, become, passes, watcher } = world()
  const { told } = await watcher()
  become([lang('ada', '1'), lang('lua', '2'), build('b1', 'ada', 'ready'), { kind: 'bases', id: '', mark: '1' }])
  announce('build')
  await passes(GATHER_MS)
  expect(told).toEqual([{ langs: ['lua', 'ada'], builds: ['b1'], lists: ['bases'] }])

  announce('deployment')
  await passes(GATHER_MS)
  expect(told).toHaveLength(1)
})

test('a build that ended is other than it was, and so is its language', async () => {
  const { announce, become, passes, watcher } = world()
  become([lang('ada', '1'), build('b1', 'ada', 'ready')])
  const { told } = await watcher()
  become([lang('ada', '1')])
  announce('build')
  await passes(GATHER_MS)
  expect(told).toEqual([{ langs: ['ada'], builds: ['b1'], lists: [] }])
})

test('a build that came and went between two looks is told by its language', async () => {
  const { announce, become, passes, watcher } = world()
  const { told } = await watcher()
  become([lang('ada', '1'), lang('lua', 'b9 failed', 'b9')])
  announce('build')
  await passes(GATHER_MS)
  expect(told).toEqual([{ langs: ['lua'], builds: ['b9'], lists: [] }])
})

test('a burst is read once, however many watch', async () => {
  const { announce, passes, reads, watcher } = world()
  for (let n = 0; n < 50; n++) await watcher()
  const before = reads()
  for (let n = 0; n < 20; n++) announce('build')
  await passes(GATHER_MS)
  expect(reads()).toBe(before + 1)
})

test('an announcement that was lost, or not to be read, is made up for by the next look', async () => {
  const { announce, become, passes, watcher } = world()
  const { told } = await watcher()
  become(new Error('away'))
  announce('build')
  await passes(GATHER_MS)
  become([lang('ada', '2'), lang('lua', '1')])
  await passes(LOOK_EVERY_MS)
  expect(told).toEqual([{ langs: ['ada'], builds: [], lists: [] }])
})

test('while nobody watches nothing is read, but what was made before an announcement counts as old', async () => {
  const { announce, feed, passes, reads, watcher } = world()
  const { end } = await watcher()
  end()
  const before = { reads: reads(), version: feed.version() }
  announce('build')
  await passes(LOOK_EVERY_MS * 3)
  expect(reads()).toBe(before.reads)
  expect(feed.version()).toBe(before.version + 1)
})

test('closed it hears nothing more', async () => {
  const { feed, hearers, passes, reads, watcher } = world()
  await watcher()
  feed.close()
  const before = reads()
  await passes(LOOK_EVERY_MS * 3)
  expect([hearers.size, reads()]).toEqual([0, before])
})
