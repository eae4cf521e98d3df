import { expect, test } from 'vitest'

import type { LangId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'

import { languageName, languageRedirect, NAME_CHARS_MAX } from './language-redirect.ts'
import type { Found } from './services.ts'

const ALIASES = new Map([
  ['python3', 'python'],
  ['Python', 'python'],
  ['cpp', 'c++'],
])

function find(name: string): Found {
  if (name === 'python' || name === 'c++') {
    return { kind: 'id', listed: { language: { id: name as LangId } as Language, readiness: { ready: true } } }
  }
  const id = ALIASES.get(name)
  return id === undefined ? { kind: 'none', near: [] } : { kind: 'alias', id }
}

test.each([
  ['/python3', '/python'],
  ['/Python', '/python'],
  ['/Python/', '/python'],
  ['/cpp', '/c++'],
  ['/c%2B%2B', '/c++'],
  ['/python/', '/python'],
])('%s leads to %s', (path, to) => {
  expect(languageRedirect(path, find)).toBe(to)
})

test.each([
  '/python',
  '/c++',
  '/',
  '',
  '//evil.example',
  '//evil.example/python3',
  '/python3/x',
  '/klingon',
  '/__proto__',
  '/constructor',
  '/%2e%2e',
  '/%',
  '/%ff',
  '/%00',
  '/🐍',
  `/${'a'.repeat(8192)}`,
])('%s stays', (path) => {
  expect(languageRedirect(path, find)).toBeUndefined()
})

test('a name is looked up to its longest and not beyond', () => {
  expect(languageName(`/${'a'.repeat(NAME_CHARS_MAX)}`)).toHaveLength(NAME_CHARS_MAX)
  expect(languageName(`/${'a'.repeat(NAME_CHARS_MAX + 1)}`)).toBeUndefined()
})
