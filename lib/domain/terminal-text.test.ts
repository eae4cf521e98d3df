import { expect, test } from 'vitest'

import { endsInPrompt, plainText, PROMPT_CHARS_MAX } from './terminal-text.ts'

test.each([
  ['colours', '\u001b[33m28782\u001b[39m\r\n', '28782\n'],
  ['modes', '\u001b[?2004h> ', '> '],
  ['a title', '\u001b]0;user@host\u0007$ ', '$ '],
  ['a title ended by ST', '\u001b]0;user@host\u001b\\$ ', '$ '],
  ['character sets and keypads', '\u001b(B\u001b=a\u001b>', 'a'],
  ['line ends of programs in raw mode', 'a\r\r\nb\r\n', 'a\nb\n'],
])('%s are cut out', (_what, output, text) => {
  expect(plainText(output)).toBe(text)
})

test.each([
  ['>>> ', '>>> $', true],
  ['Hello\n>>> ', '>>> $', true],
  ['Hello>>> ', '>>> $', true],
  ['>>> \n', '>>> $', false],
  ['old prompt> \rnew text', '> $', false],
  ['', '$', false],
  ['Hello\n', '$', false],
])('%j ends in %s: %s', (text, prompt, ends) => {
  expect(endsInPrompt(text, prompt)).toBe(ends)
})

test('a prompt is looked for in the end of a long line', () => {
  expect(endsInPrompt(`${'x'.repeat(1000)}$ `, '\\$ $')).toBe(true)
  expect(endsInPrompt(`y${'x'.repeat(PROMPT_CHARS_MAX - 1)}`, '^y')).toBe(true)
  expect(endsInPrompt(`y${'x'.repeat(PROMPT_CHARS_MAX)}`, '^y')).toBe(false)
})
