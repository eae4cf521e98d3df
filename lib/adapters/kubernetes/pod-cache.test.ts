import fc from 'fast-check'
import { expect, test } from 'vitest'

import { isNewer, podCache } from './pod-cache.ts'
import { viewOf, type PodView } from './pod-view.ts'
import { pod } from './testing/replay-server.ts'

const view = (name: string, version: number, uid = `uid-${name}`) => viewOf(pod(name, version, { uid }))

test('what is older than what is known changes nothing', () => {
  const cache = podCache()
  cache.put(view('a', 9))
  cache.put(view('a', 7))

  expect(cache.get('a')?.version).toBe('9')
  expect(isNewer('10', '9')).toBe(true)
  expect(isNewer('9', '10')).toBe(false)
  expect(isNewer('9', '9')).toBe(false)
})

test('who is gone does not come back by what is said late', () => {
  const cache = podCache()
  cache.put(view('a', 1))
  cache.remove(view('a', 3))
  cache.put(view('a', 2))

  expect(cache.all()).toEqual([])
})

test('another pod of the same name is another pod', () => {
  const cache = podCache()
  const heard: (string | undefined)[] = []
  cache.put(view('a', 1, 'first'))
  cache.follow('a', (now) => heard.push(now?.uid))
  cache.put(view('a', 5, 'second'))

  expect(heard).toEqual(['first', undefined, 'second'])
})

test('who is missing in a whole list is gone, unless it came after', () => {
  const cache = podCache()
  cache.put(view('old', 3))
  cache.put(view('young', 12))
  cache.replace([view('listed', 4)], '10')

  expect(names(cache.all())).toEqual(['listed', 'young'])
})

test('nobody is told of pods that they do not follow, nor after they stopped', () => {
  const cache = podCache()
  const heard: unknown[] = []
  const stop = cache.follow('a', (now) => heard.push(now?.version))
  cache.put(view('b', 1))
  cache.put(view('a', 2))
  stop()
  cache.put(view('a', 3))

  expect(heard).toEqual(['2'])
})

test('events twice, out of order or not at all: after the next list all is as it is', () => {
  const history = fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), gone: fc.boolean() }), {
    minLength: 1,
    maxLength: 30,
  })
  fc.assert(
    fc.property(history, fc.infiniteStream(fc.nat(1000)), fc.array(fc.nat(29), { maxLength: 20 }), (steps, order, doubled) => {
      // A name is used again only after its pod is gone, by a pod with another uid.
      const lives = new Map<string, number>()
      const events = steps.map(({ name, gone }, i) => {
        const life = lives.get(name) ?? 0
        if (gone) lives.set(name, life + 1)
        return { gone, view: view(name, i + 1, `${name}${life}`) }
      })
      const truth = new Map<string, PodView>()
      for (const { gone, view } of events)
        if (gone) truth.delete(view.name)
        else truth.set(view.name, view)

      const seen = [...events, ...doubled.flatMap((i) => events[i] ?? [])]
        .filter((_, i) => i % 7 !== 3)
        .map((event) => ({ event, at: order.next().value as number }))
        .sort((a, b) => a.at - b.at)
      const cache = podCache()
      for (const { event } of seen)
        if (event.gone) cache.remove(event.view)
        else cache.put(event.view)
      cache.replace([...truth.values()], `${events.length}`)

      expect(names(cache.all())).toEqual([...truth.keys()].sort())
      for (const { name, uid, version } of truth.values()) expect(cache.get(name)).toMatchObject({ uid, version })
    }),
  )
})

const names = (views: readonly PodView[]) => views.map(({ name }) => name).sort()
