import fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  choicesOf,
  countWords,
  decadesOf,
  filterEntries,
  filterOf,
  type IndexEntry,
  type IndexFilter,
  queryOf,
  yearsOf,
  yearsText,
} from './index-filter.ts'

const entry = (id: string, also: Partial<IndexEntry> = {}): IndexEntry => ({
  id,
  name: id,
  aliases: [],
  kind: ['general'],
  paradigm: [],
  typing: [],
  needs: [],
  ...also,
})

const ALL = [
  entry('ada', { year: 1980, paradigm: ['imperative'], typing: ['static', 'strong'], needs: ['gnat'] }),
  entry('befunge', { year: 1993, kind: ['esoteric'] }),
  entry('haskell', { year: 1990, paradigm: ['functional'], typing: ['static'] }),
  entry('prolog', { year: 1972, paradigm: ['logic'], typing: ['dynamic'] }),
  entry('undated', { paradigm: ['functional'] }),
]

const found = (query: string) => filterEntries(ALL, filterOf(new URLSearchParams(query))).map(({ id }) => id)

test.each([
  ['', ['ada', 'befunge', 'haskell', 'prolog', 'undated']],
  ['kind=esoteric', ['befunge']],
  ['typing=static', ['ada', 'haskell']],
  ['typing=static&paradigm=functional', ['haskell']],
  ['years=1990s', ['befunge', 'haskell']],
  ['years=1972-1980', ['ada', 'prolog']],
  ['years=1993', ['befunge']],
  ['ready=yes&typing=static', ['haskell']],
  ['q=e&paradigm=functional', ['haskell', 'undated']],
  ['kind=nonsense', []],
  ['typing=%20STATIC%20', ['ada', 'haskell']],
  ['years=never&ready=maybe&other=1', ['ada', 'befunge', 'haskell', 'prolog', 'undated']],
])('?%s shows %j', (query, ids) => {
  expect(found(query)).toEqual(ids)
})

test('any text in an address is a filter, and its own address leads back to it', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (words, kind, years) => {
      const filter = filterOf(new URLSearchParams({ q: words, kind, years, ready: 'yes' }))
      expect(filterOf(new URLSearchParams(queryOf(filter)))).toEqual(filter)
    }),
  )
})

test('the shortest address says only what is chosen', () => {
  const none: IndexFilter = { words: '', isReady: false }
  expect(queryOf(none)).toBe('')
  expect(queryOf({ ...none, words: 'c++', paradigm: 'functional', years: { from: 1990, to: 1999 }, isReady: true })).toBe(
    '?q=c%2B%2B&paradigm=functional&years=1990s&ready=yes',
  )
})

test.each(['1990s', '1991', '1957-1980'])('%s are years', (text) => {
  const years = yearsOf(text)
  expect(years && yearsText(years)).toBe(text)
})

test('years that stand the wrong way round are turned', () => {
  expect(yearsOf('1980-1957')).toEqual({ from: 1957, to: 1980 })
})

test('choices are counted once a language, decades by when they began', () => {
  expect(choicesOf(ALL, 'paradigm')).toEqual([
    { value: 'functional', count: 2 },
    { value: 'imperative', count: 1 },
    { value: 'logic', count: 1 },
  ])
  expect(decadesOf(ALL).map(({ value, count }) => `${value} ${count}`)).toEqual(['1970s 1', '1980s 1', '1990s 2'])
})

test('the count is told in words', () => {
  expect([countWords(1, 1), countWords(5, 5), countWords(2, 5), countWords(0, 5)]).toEqual([
    '1 language',
    '5 languages',
    '2 of 5 languages',
    'None fits',
  ])
})
