import fc from 'fast-check'
import { expect, test } from 'vitest'

import { ARGUMENT_CHARS_MAX, ARGUMENTS_MAX } from '#lib/protocol/sizes.ts'

import { joinWords, splitWords, wordsProblem } from './words.ts'

test.each<[string, string[]]>([
  ['', []],
  ['   ', []],
  ['one two', ['one', 'two']],
  [' one\ttwo  ', ['one', 'two']],
  [`'one two'`, ['one two']],
  [`"one two"`, ['one two']],
  [`a'b c'd"e f"g`, ['ab cde fg']],
  [`''`, ['']],
  [`"" x`, ['', 'x']],
  [String.raw`a\ b`, ['a b']],
  [String.raw`"a\"b\\c\$d\n"`, ['a"b\\c$d\\n']],
  [String.raw`'a\'`, ['a\\']],
  ['$HOME *.c; ls | wc', ['$HOME', '*.c;', 'ls', '|', 'wc']],
  ['-O2 -DNAME="x y"', ['-O2', '-DNAME=x y']],
])('%j splits into %j', (line, words) => expect(splitWords(line)).toEqual({ ok: true, value: words }))

test.each([
  [`"a`, { code: 'open_quote', quote: '"' }],
  [`it's`, { code: 'open_quote', quote: "'" }],
  ['a\\', { code: 'open_escape' }],
  [String.raw`"a\"`, { code: 'open_quote', quote: '"' }],
  ['x '.repeat(ARGUMENTS_MAX + 1), { code: 'too_many_words', max: ARGUMENTS_MAX }],
  ['x'.repeat(ARGUMENT_CHARS_MAX + 1), { code: 'word_too_long', max: ARGUMENT_CHARS_MAX }],
])('%j is refused, in words', (line, error) => {
  const split = splitWords(line)
  expect(split).toEqual({ ok: false, error })
  expect(split.ok ? '' : wordsProblem(split.error)).toMatch(/^[A-Z].*[^.]$/)
})

test('words that are joined split into the same words', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 }), (words) => {
      expect(splitWords(joinWords(words))).toEqual({ ok: true, value: words })
    }),
  )
})

test('plain words are joined without quotes', () => expect(joinWords(['-O2', 'a/b.c'])).toBe('-O2 a/b.c'))
