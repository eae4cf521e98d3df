import { expect, test } from 'vitest'

import { AnsiLines, LINE_CHARS_MAX, looksLikeError } from './ansi-lines.ts'

const ESC = '\u001b'
const plain = (text: string, look = '') => ({ text, look })

test('colours and weights become looks that go on over pieces and lines', () => {
  const lines = new AnsiLines()
  expect(lines.push(`a${ESC}[1;31mred`)).toEqual([])
  expect(lines.push(` on\nstill${ESC}[0m plain\n`)).toEqual([
    [plain('a'), plain('red on', 'fg-red bold')],
    [plain('still', 'fg-red bold'), plain(' plain')],
  ])
  expect(lines.push(`${ESC}[38;5;10mx${ESC}[38;2;1;2;3my${ESC}[48;5;4;4mz\n`)[0]).toEqual([
    plain('x', 'fg-bright-green'),
    plain('y'),
    plain('z', 'bg-blue underline'),
  ])
})

test('a line that was written over counts as it stood last', () => {
  const lines = new AnsiLines()
  expect(lines.push('10%\r50%\r100%\r\nnext')).toEqual([[plain('100%')]])
  expect(lines.end()).toEqual([[plain('next')]])
  expect(lines.end()).toEqual([])
})

test.each([
  ['moves of the cursor', `a${ESC}[2J${ESC}[10;10Hb`, 'ab'],
  ['a title', `a${ESC}]0;you are root\u0007b`, 'ab'],
  ['a link', `a${ESC}]8;;https://evil.example${ESC}\\b`, 'ab'],
  ['an answer that a terminal would type', `a${ESC}P$q"p${ESC}\\b${ESC}[6n`, 'ab'],
  ['a bare escape at the end', `a${ESC}`, 'a\\x1b'],
  ['bells, nulls and backspaces', 'a\u0007\u0000\bb', 'a\\x07\\x00\\x08b'],
  ['text that turns round', 'a\u202eb\u2066c', 'a\\x202eb\\x2066c'],
  ['HTML', '<script>alert(1)</script>', '<script>alert(1)</script>'],
])('of %s only harmless text is left', (_, sent, seen) => {
  const [line = []] = new AnsiLines().push(`${sent}\n`)
  expect(line.map(({ text }) => text).join('')).toBe(seen)
})

test('a long line is cut, and says by how much', () => {
  const [line = []] = new AnsiLines().push(`${'x'.repeat(LINE_CHARS_MAX + 7)}\n`)
  expect(line.map(({ text }) => text.length)).toEqual([LINE_CHARS_MAX, ' … 7 more characters'.length])
})

test.each([
  ['main.c:3:5: error: expected ;', true],
  ['E: Unable to locate package nosuch', true],
  ['Traceback (most recent call last):', true],
  ['sh: 1: gcc: command not found', true],
  ['[run] failed: no output', true],
  ['0 errors, 2 warnings', false],
  ['installing error-stack-parser', false],
  ['all went well', false],
])('%s', (text, expected) => {
  expect(looksLikeError([{ text, look: '' }])).toBe(expected)
})
