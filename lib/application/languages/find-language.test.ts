import { expect, test } from 'vitest'

import type { LangId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'

import { findLanguage } from './find-language.ts'
import { NAME_CHARS_MAX, NEAR_MAX } from './near-names.ts'
import { readiness, type Listed } from './readiness.ts'

const NAMES: Readonly<Record<string, [name: string, ...aliases: string[]]>> = {
  python: ['Python', 'py', 'Python3'],
  'c++': ['C++', 'cpp'],
  c: ['C'],
  csharp: ['C#'],
  cobol: ['COBOL'],
  clojure: ['Clojure'],
  coffeescript: ['CoffeeScript'],
  javascript: ['JavaScript', 'js'],
  java: ['Java'],
}

const listed: readonly Listed[] = Object.entries(NAMES).map(([id, [name, ...aliases]]) => ({
  language: { id: id as LangId, name, aliases } as unknown as Language, // all that is looked at here
  readiness: { ready: true },
}))

const find = (name: string) => findLanguage(listed, name)
const near = (name: string) => {
  const found = find(name)
  return found.kind === 'none' ? found.near : found.kind
}

test('the id as it is written is the language', () => {
  expect(find('c++')).toMatchObject({ kind: 'id', listed: { language: { name: 'C++' } } })
})

test.each([
  ['PYTHON', 'python'],
  ['py', 'python'],
  ['PY', 'python'],
  ['python3', 'python'],
  ['Cpp', 'c++'],
])('%s leads to %s', (name, id) => {
  expect(find(name)).toEqual({ kind: 'alias', id })
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '..', ' python', 'python\u0000', '😀', ''])(
  '%j is no language',
  (name) => {
    expect(find(name).kind).toBe('none')
  },
)

test.each([
  ['pyton', ['python']],
  ['pyhton', ['python']],
  ['script', ['coffeescript', 'javascript']],
  ['jav', ['java', 'javascript']],
  ['c#', ['csharp']],
  ['co', ['cobol', 'coffeescript']],
  ['zzz', []],
  ['q', []],
])('near %s are %j', (name, ids) => {
  expect(near(name)).toEqual(ids)
})

test('there are at most five near names, and none for what is longer than a name', () => {
  const many = Array.from({ length: 9 }, (_, i) => ({
    language: { id: `lang${i}` as LangId, name: `Lang ${i}`, aliases: [] } as unknown as Language,
    readiness: { ready: true } as const,
  }))
  expect(findLanguage(many, 'lang')).toEqual({ kind: 'none', near: ['lang0', 'lang1', 'lang2', 'lang3', 'lang4'] })
  expect(NEAR_MAX).toBe(5)

  const long = {
    language: { id: 'a' as LangId, name: 'x'.repeat(200), aliases: [] } as unknown as Language,
    readiness: { ready: true } as const,
  }
  expect(findLanguage([long], 'x'.repeat(NAME_CHARS_MAX))).toEqual({ kind: 'none', near: ['a'] })
  expect(findLanguage([long], 'x'.repeat(NAME_CHARS_MAX + 1))).toEqual({ kind: 'none', near: [] })
})

test('a language is ready when all it needs is there', () => {
  const c = { needs: ['gcc', 'ld'], packages: ['gcc'] } as unknown as Language

  expect(readiness(c, () => true)).toEqual({ ready: true })
  expect(readiness(c, (name) => name === 'ld')).toEqual({ ready: false, missing: ['gcc'], packages: ['gcc'] })
})
