import { expect, test } from 'vitest'

import { world } from '../testing/world.ts'
import { BEAT_MS, SILENT_MS, type Beat, watchReplicas } from './watch-replicas.ts'

function watching() {
  const here = world({ isShared: true })
  const beats: Beat[] = []
  const watch = watchReplicas(here.deps, async (beat) => void beats.push(beat))
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= BEAT_MS) {
      here.clock.advance(Math.min(BEAT_MS, left))
      await here.settled()
    }
  }
  return { ...here, watch, pass, silent: () => beats.at(-1)?.silent, steady: () => beats.at(-1)?.steadyMs, beats }
}

test('a replica that beats is not silent; one that stood still for fifteen seconds is', async () => {
  const { records, pass, silent } = watching()
  await records.beat('other')
  await pass(SILENT_MS - BEAT_MS)
  expect(silent()).toEqual([])
  await records.beat('other')
  await pass(SILENT_MS)
  expect(silent()).toEqual([])
  await pass(BEAT_MS)
  expect(silent()).toEqual(['other'])
  await records.beat('other')
  await pass(BEAT_MS)
  expect(silent()).toEqual([])
})

test('nobody is called silent for the time in which the records did not answer', async () => {
  const { records, pass, silent, steady } = watching()
  await records.beat('other')
  await pass(BEAT_MS)
  records.fail(true)
  await pass(10 * SILENT_MS)
  records.fail(false)
  await pass(BEAT_MS)
  expect(silent()).toEqual([])
  expect(steady()).toBe(0)
  await pass(SILENT_MS)
  expect(silent()).toEqual(['other'])
  expect(steady()).toBe(SILENT_MS)
})

test('nobody is called silent by one that stood still itself', async () => {
  const { clock, records, pass, settled, silent } = watching()
  await records.beat('other')
  await pass(BEAT_MS)
  const { beat } = records
  const held = Promise.withResolvers<void>()
  records.beat = async (name) => {
    const all = await beat(name)
    await held.promise
    return all
  }
  clock.advance(BEAT_MS)
  clock.advance(10 * SILENT_MS)
  held.resolve()
  await settled()
  expect(silent()).toEqual([])
})

test('after its stop it beats no more', async () => {
  const { watch, pass, beats, clock } = watching()
  await pass(BEAT_MS)
  await watch.stop()
  const before = beats.length
  await pass(SILENT_MS)
  expect(beats.length).toBe(before)
  expect(clock.pending()).toBe(0)
})
