import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'

import { FLOOD_BYTES, outputShare, WINDOW_MS } from './output-share.ts'

const RATE = 10_000_000
const CHUNK = 50_000

/** Bytes each session gets through in a second when it waits as it is told. */
function second(sessions: number, chunksEachMs = 3) {
  const clock = memoryClock()
  const share = outputShare(clock, RATE)
  const through = Array.from({ length: sessions }, () => ({ bytes: 0, free: 0 }))
  for (let ms = 0; ms < 2000; ms++) {
    for (const one of through) {
      for (let n = 0; n < chunksEachMs && one.free <= ms; n++) {
        one.free = ms + share.delay(one, CHUNK)
        if (ms >= 1000) one.bytes += CHUNK
      }
    }
    clock.advance(1)
  }
  return through.map(({ bytes }) => bytes)
}

test('one flood alone never waits', () => {
  expect(second(1)).toEqual([150_000_000])
})

test('several floods together get the rate, in equal parts', () => {
  const [a = 0, b = 0, ...rest] = second(4)

  expect(a + b + rest.reduce((sum, each) => sum + each, 0)).toBeLessThan(RATE * 1.2)
  expect(Math.abs(a - b)).toBeLessThan(RATE / 20)
})

test('whoever prints less than a flood never waits, whatever the others do', () => {
  const clock = memoryClock()
  const share = outputShare(clock, RATE)
  const [quiet, ...floods] = [{}, {}, {}]
  for (let ms = 0; ms < 1000; ms++) {
    for (const flood of floods) share.delay(flood, CHUNK)
    expect(share.delay(quiet, FLOOD_BYTES / WINDOW_MS / 2)).toBe(0)
    clock.advance(1)
  }
})

test('a flood that has ended slows nobody', () => {
  const clock = memoryClock()
  const share = outputShare(clock, RATE)
  const [ended, going] = [{}, {}]
  for (let ms = 0; ms < 500; ms++) {
    share.delay(ended, CHUNK)
    clock.advance(1)
  }
  share.forget(ended)
  for (let ms = 0; ms < 500; ms++) {
    expect(share.delay(going, CHUNK)).toBe(0)
    clock.advance(1)
  }
})
