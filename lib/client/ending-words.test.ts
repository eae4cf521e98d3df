import { expect, test } from 'vitest'

import { END_REASONS } from '#lib/domain/ending.ts'

import { endingWords, promptWords, sessionEndWords } from './ending-words.ts'

const MIB = 1024 * 1024

test('a good end tells time and memory', () => {
  const usage = { wallMs: 123, cpuMs: 50, peakBytes: 14 * MIB }

  expect(endingWords({ reason: 'exit', code: 0, usage })).toBe('finished · exit 0 · 0.12 s wall · 0.05 s CPU · 14 MiB peak')
  expect(promptWords(usage)).toBe('finished, prompt open · 0.12 s wall · 0.05 s CPU · 14 MiB peak')
})

test.each([
  [{ reason: 'exit', code: 3, usage: { wallMs: 10 } }, 'failed · exit 3 · 0.01 s wall'],
  [{ reason: 'signal', signal: 'SIGSEGV', usage: { wallMs: 10 } }, 'ended by SIGSEGV · 0.01 s wall'],
  [
    { reason: 'memory', code: 137, usage: { wallMs: 2000, peakBytes: 512 * MIB } },
    'ran out of memory · exit 137 · 2.00 s wall · 512 MiB peak',
  ],
  [{ reason: 'stopped', usage: { wallMs: 125_400 } }, 'stopped · 125 s wall'],
  [{ reason: 'time', usage: { wallMs: 0, peakBytes: 1.25 * MIB } }, 'ended at the time limit · 0.00 s wall · 1.3 MiB peak'],
] as const)('%j', (ending, words) => {
  expect(endingWords(ending)).toBe(words)
})

test('what was not measured is left out', () => {
  expect(promptWords(undefined)).toBe('finished, prompt open')
})

test('every reason has its own words', () => {
  const words = END_REASONS.map((reason) => endingWords({ reason, usage: { wallMs: 0 } }))

  expect(new Set(words).size).toBe(END_REASONS.length)
  for (const reason of END_REASONS) expect(sessionEndWords(reason)).toMatch(/^The .+\.$/)
})
