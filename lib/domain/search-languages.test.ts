import { expect, test } from 'vitest'

import { type Named, QUERY_CHARS_MAX, searchLanguages } from './search-languages.ts'

const language = (id: string, name: string, ...aliases: string[]): Named => ({ id, name, aliases })
const ALL = [
  language('bash', 'Bash', 'sh'),
  language('c', 'C'),
  language('c++', 'C++', 'cpp'),
  language('clojure', 'Clojure'),
  language('javascript', 'JavaScript', 'js', 'node'),
  language('java', 'Java'),
  language('malbolge', 'Málbolge'),
  language('vimscript', 'Vim script'),
]
const found = (query: string) => searchLanguages(ALL, query).map(({ id }) => id)

test('nothing asked, everything shown, in its order', () => {
  expect(found('')).toEqual(ALL.map(({ id }) => id))
  expect(found('  ')).toEqual(ALL.map(({ id }) => id))
})

test('the name itself comes before what begins with it, that before what holds it', () => {
  expect(found('c')).toEqual(['c', 'c++', 'clojure', 'javascript', 'vimscript'])
  expect(found('java')).toEqual(['java', 'javascript'])
  expect(found('script')).toEqual(['vimscript', 'javascript'])
})

test('other names, case, accents and letters in order find it too', () => {
  expect(found('cpp')).toEqual(['c++'])
  expect(found('JS')[0]).toBe('javascript')
  expect(found('malb')).toEqual(['malbolge'])
  expect(found('clj')).toEqual(['clojure'])
})

test('what is nowhere finds nothing, whatever characters it has', () => {
  expect(found('klingon')).toEqual([])
  expect(found('(*[')).toEqual([])
})

test('a query counts to its longest', () => {
  const long = 'x'.repeat(QUERY_CHARS_MAX)
  const entries = [language('x', long)]

  expect(searchLanguages(entries, long)).toEqual(entries)
  expect(searchLanguages(entries, `${long}and more`)).toEqual(entries)
})
