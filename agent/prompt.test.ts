import { expect, test } from 'vitest'

import { PROMPT_TEXT_MAX, PromptWatch, lastLine } from './prompt.ts'

const see = (pattern: string, ...chunks: string[]) => {
  const watch = new PromptWatch(pattern)
  return chunks.map((chunk) => watch.sees(Buffer.from(chunk)))
}

test('a prompt is seen at the end of the output, also when it comes in pieces', () => {
  expect(see('^>>> $', 'Python 3.13\r\n', '>>', '> ')).toEqual([false, false, true])
})

test('a prompt that something follows is none', () => {
  expect(see('^>>> $', '>>> 1\r\n')).toEqual([false])
})

test('colours and other escapes do not hide it', () => {
  expect(see('^In \\[1\\]: $', '\u001b[?2004h\r\u001b[0m\u001b[32mIn [\u001b[1m1\u001b[0m]: \u001b]0;title\u0007')).toEqual([
    true,
  ])
})

test('an escape cut in two is cut out all the same', () => {
  expect(see('^> $', '> \u001b[', '0m')).toEqual([false, true])
})

test('a letter of several bytes that is cut in two is whole again', () => {
  const [first, second] = [Buffer.from('λ> ').subarray(0, 1), Buffer.from('λ> ').subarray(1)]
  const watch = new PromptWatch('^λ> $')

  expect([first, second].map((bytes) => watch.sees(bytes))).toEqual([false, true])
})

test('a line is begun anew by a carriage return', () => {
  expect(lastLine('one\r\ntwo\r> ')).toBe('> ')
  expect(lastLine('> \r')).toBe('> ')
})

test('only the end of a long line is looked at', () => {
  expect(lastLine('x'.repeat(10_000))).toBe('x'.repeat(PROMPT_TEXT_MAX))
})
