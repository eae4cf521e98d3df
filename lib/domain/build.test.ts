import { expect, test } from 'vitest'

import { ATTEMPTS_MAX, retryPauseMs, stepsFrom } from './build.ts'
import { combinationId, inputsHash, missingInput } from './build-inputs.ts'
import { builderSlots } from './builder-slots.ts'
import { digestOfHex } from './digest.ts'
import type { LangId } from './ids.ts'
import { cursorIn, cursorText, LOG_START, logCursor } from './log-cursor.ts'
import { regressions } from './regression.ts'

const [one, two] = [digestOfHex('1'.repeat(64)), digestOfHex('2'.repeat(64))]
const inputs = { lang: 'python' as LangId, from: 'package', config: one, base: two, agent: '1' } as const

test('a build goes through the steps from where it begins', () => {
  expect(stepsFrom('package')).toEqual(['package', 'image', 'test'])
  expect(stepsFrom('test')).toEqual(['test'])
})

test('every try but the last is followed by a pause, the later by the longer', () => {
  const pauses = Array.from({ length: ATTEMPTS_MAX - 1 }, (_, i) => retryPauseMs(i + 1))
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
  expect(Math.min(...pauses)).toBeGreaterThan(0)
})

test('the same inputs have the same hash however they are written down, and any other has another', () => {
  const { agent, base, config, from, lang } = inputs
  expect(inputsHash({ lang, from, config, base, agent })).toBe(inputsHash({ agent, base, config, from, lang }))
  const others = [{ base: one }, { config: two }, { agent: '2' }, { from: 'image', package: one }, { refresh: 'today' }] as const
  const hashes = others.map((other) => inputsHash({ ...inputs, ...other }))
  expect(new Set([inputsHash(inputs), ...hashes]).size).toBe(others.length + 1)
  expect(combinationId(one, two, '1')).not.toBe(combinationId(two, one, '1'))
})

test('what a later step needs of earlier ones is named when it is missing', () => {
  expect(missingInput(inputs)).toBeUndefined()
  expect(missingInput({ ...inputs, from: 'image' })).toBe('package')
  expect(missingInput({ ...inputs, from: 'test', package: one })).toBe('image')
  expect(missingInput({ ...inputs, from: 'test', image: one })).toBeUndefined()
})

test('a machine has as many slots as its cores and half of its memory carry, and one at least', () => {
  expect(builderSlots({ cores: 2, memoryMiB: 7900 })).toBe(2)
  expect(builderSlots({ cores: 1, memoryMiB: 512 })).toBe(1)
  expect(builderSlots({ cores: 64, memoryMiB: 8192 })).toBe(2)
  expect(builderSlots({ cores: 64, memoryMiB: 1_000_000 })).toBe(16)
})

test('a cursor comes back from its text as it was, and other texts are none', () => {
  for (const text of ['package.0.end', 'image.2.4096', 'test.1.begin']) expect(cursorText(logCursor(text)!)).toBe(text)
  expect(cursorText(LOG_START)).toBe('package.0.end')
  for (const text of [
    '',
    'image',
    'image.1',
    'image.1.-1',
    'image.x.1',
    'push.1.1',
    'image.1.1.1',
    `image.1.${'9'.repeat(16)}`,
    'image.1.1\n',
  ]) {
    expect(logCursor(text), text).toBeUndefined()
  }
})

test('a cursor is before, in or after an attempt', () => {
  const at = (step: 'package' | 'image', number: number) => cursorIn({ step: 'image', number: 2, at: 0 }, { step, number })
  expect([at('package', 9), at('image', 1), at('image', 2), at('image', 3)]).toEqual(['after', 'after', 'in', 'before'])
})

test('a regression is a check that the live combination passes and the new one does not', () => {
  const lastGood = { run: 'ok', repl: 'ok', lsp: 'failed', format: 'skipped' } as const
  expect(regressions(lastGood, { run: 'ok', repl: 'ok', lsp: 'failed', scope: 'failed' })).toEqual([])
  expect(regressions(lastGood, { run: 'timeout', lsp: 'ok' })).toEqual([
    { check: 'run', was: 'ok', is: 'timeout' },
    { check: 'repl', was: 'ok', is: 'untested' },
  ])
})

test('with nothing live yet all that was tested must have gone well', () => {
  expect(regressions(undefined, { run: 'ok', lsp: 'skipped' })).toEqual([])
  expect(regressions(undefined, { run: 'ok', format: 'failed' })).toEqual([{ check: 'format', was: 'unknown', is: 'failed' }])
})
