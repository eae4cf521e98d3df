import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { yamlTokens } from './yaml-tokens.ts'

const LANGS = join(import.meta.dirname, '../../langs')
const whole = (text: string) =>
  yamlTokens(text)
    .map((line) => line.map((token) => token.text).join(''))
    .join('\n')
const kinds = (line: string) => yamlTokens(line)[0]?.map(({ kind, text }) => `${kind} ${text}`.trim())

test('its pieces are the text again, of every config there is and of any text', () => {
  for (const file of globSync('*.yaml', { cwd: LANGS })) {
    const text = readFileSync(join(LANGS, file), 'utf8')
    expect(whole(text)).toBe(text)
  }
  fc.assert(fc.property(fc.string(), (text) => whole(text) === text))
})

test('keys, strings, numbers and comments are told apart', () => {
  expect(kinds('name: Python # the language')).toEqual(['key name', 'mark :', 'text  Python', 'comment  # the language'])
  expect(kinds('  - year: 1991')).toEqual(['mark   -', 'key year', 'mark :', 'text', 'number 1991'])
  expect(kinds(`say: "a: # b"`)).toEqual(['key say', 'mark :', 'text', 'string "a: # b"'])
})

test('a block of text is a string up to where it ends', () => {
  const lines = yamlTokens('template: |\n  a: 1 # no comment\n\n  b\nrun: x')
  expect(lines.map((line) => line[0]?.kind)).toEqual(['key', 'string', undefined, 'string', 'key'])
})
