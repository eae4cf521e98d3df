import { expect, test } from 'vitest'

import { isReport } from './terminal-words.ts'

test.each([
  '\x1b[12;40R',
  '\x1b[0n',
  '\x1b[?1;2c',
  '\x1b[>0;276;0c',
  '\x1b[?2026;2$y',
  '\x1b]11;rgb:ff/ff/ff\x1b\\',
  '\x1bP1$r0m\x1b\\',
  '\x1b[I',
])('%j is an answer of the terminal', (data) => {
  expect(isReport(data)).toBe(true)
})

test.each(['a', '\r', '\x03', '\x1b', '\x1b[A', '\x1b[1;5C', '\x1bOP', '\x1b[3~', 'ls -R', '\x1b[200~pasted\x1b[201~', '12;40R'])(
  '%j is typed',
  (data) => {
    expect(isReport(data)).toBe(false)
  },
)
