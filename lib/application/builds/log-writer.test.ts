import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import type { AppendRefused } from '#lib/application/ports/build-logs.ts'
import { newBuildId } from '#lib/application/testing/builds.ts'
import { LOG_CHUNK_BYTES_MAX } from '#lib/domain/log-sizes.ts'
import { err, ok } from '#lib/domain/result.ts'
import { LOG_FLUSH_MS, LOG_HELD_BYTES_MAX, LogWriter } from './log-writer.ts'

function world() {
  const clock = memoryClock()
  const chunks: Uint8Array[] = []
  let away = false
  let refused: AppendRefused | undefined
  const logs = {
    async append(_: unknown, seq: number, bytes: Uint8Array) {
      if (away) throw new Error('away')
      if (refused) return err(refused)
      chunks[seq] = bytes
      return ok({ next: seq + 1 })
    },
  }
  const writer = new LogWriter({ logs, clock, kept: () => undefined }, { build: newBuildId(), step: 'package', number: 1 })
  const settle = () => new Promise(setImmediate)
  return {
    ...{ clock, writer, settle },
    texts: () => chunks.map((bytes) => new TextDecoder().decode(bytes)),
    sizes: () => chunks.map(({ length }) => length),
    goAway: (now: boolean) => void (away = now),
    refuse: (why: AppendRefused) => void (refused = why),
    async pass(ms: number) {
      clock.advance(ms)
      await settle()
    },
  }
}

test('what is written within a tenth of a second goes together', async () => {
  const { writer, pass, texts, clock } = world()
  await writer.write('one ')
  await pass(LOG_FLUSH_MS - 1)
  await writer.write('two')
  expect(texts()).toEqual([])
  await pass(1)
  expect(texts()).toEqual(['one two'])
  await writer.write('three')
  await pass(LOG_FLUSH_MS)
  expect(texts()).toEqual(['one two', 'three'])
  expect(clock.pending()).toBe(0)
})

test('a full chunk goes at once, and what is longer is cut', async () => {
  const { writer, settle, sizes, pass } = world()
  await writer.write('x'.repeat(2 * LOG_CHUNK_BYTES_MAX + 1))
  await settle()
  expect(sizes()).toEqual([LOG_CHUNK_BYTES_MAX, LOG_CHUNK_BYTES_MAX])
  await pass(LOG_FLUSH_MS)
  expect(sizes()).toEqual([LOG_CHUNK_BYTES_MAX, LOG_CHUNK_BYTES_MAX, 1])
})

test('while the database is away so much is held and no more: who writes waits, and nothing is lost', async () => {
  const { writer, goAway, pass, sizes } = world()
  goAway(true)
  await writer.write('x'.repeat(LOG_HELD_BYTES_MAX))
  let waited = true
  const writing = writer.write('y').then(() => (waited = false))
  await pass(10_000)
  expect(waited).toBe(true)

  goAway(false)
  await pass(1000)
  await writing
  await writer.close(new AbortController().signal)
  expect(sizes().reduce((sum, size) => sum + size, 0)).toBe(LOG_HELD_BYTES_MAX + 1)
})

test('an attempt that is somebody else’s takes nothing more, and holds up nobody', async () => {
  const { writer, refuse, pass, texts, clock } = world()
  refuse({ code: 'stale_attempt' })
  await writer.write('x')
  await pass(LOG_FLUSH_MS)
  await writer.write('y'.repeat(2 * LOG_HELD_BYTES_MAX))
  await writer.close(new AbortController().signal)
  expect(texts()).toEqual([])
  expect(clock.pending()).toBe(0)
})

test('closing keeps what was written last; told that it does not matter, it does not wait', async () => {
  const kept = world()
  await kept.writer.write('the last')
  await kept.writer.close(new AbortController().signal)
  expect(kept.texts()).toEqual(['the last'])

  const away = world()
  away.goAway(true)
  await away.writer.write('the last')
  const late = new AbortController()
  const closing = away.writer.close(late.signal)
  await away.settle()
  late.abort()
  await away.pass(1000)
  await closing
  expect(away.texts()).toEqual([])
})
