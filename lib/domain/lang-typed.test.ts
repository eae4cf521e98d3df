import { expect, test } from 'vitest'

import { DELAY_MS_MAX, typedLines } from './lang-typed.ts'

test('each line is typed, a delay is a pause in seconds, the last line end does not count', () => {
  expect(typedLines('a\nDELAY: 2\n\nDELAY: 0.5\nDELAY: soon\n')).toEqual([
    { line: 'a' },
    { delayMs: 2000 },
    { line: '' },
    { delayMs: 500 },
    { line: 'DELAY: soon' },
  ])
})

test('no text is Enter alone', () => {
  expect(typedLines('')).toEqual([{ line: '' }])
})

test('a delay has a limit', () => {
  expect(typedLines('DELAY: 30')).toEqual([{ delayMs: DELAY_MS_MAX }])
  expect(typedLines('DELAY: 1000000000')).toEqual([{ delayMs: DELAY_MS_MAX }])
})
