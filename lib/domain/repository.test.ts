import { expect, test } from 'vitest'

import type { LangId } from './ids.ts'
import { baseRepository, languageRepository, repository, tag } from './repository.ts'

test.each([
  ['python', 'lang/python'],
  ['c++', 'lang/c-plus-plus'],
  ['a+b', 'lang/a-plusb'],
])('%s is kept in %s', (lang, value) => {
  expect(languageRepository(lang as LangId)).toEqual({ ok: true, value })
})

test('a base is kept by distribution and release', () => {
  expect(baseRepository('debian', 'bookworm')).toEqual({ ok: true, value: 'base/debian-bookworm' })
})

test.each(['', '/a', 'a/', 'a//b', 'A', '..', 'a/../b', 'a b', 'a-', '-a', 'a:b', 'a@b', 'é', 'a'.repeat(201)])(
  '%j is no repository',
  (name) => expect(repository(name)).toEqual({ ok: false, error: { code: 'bad_image_name', name: name.slice(0, 100) } }),
)

test.each(['', '.a', '-a', 'a/b', 'a:b', 'a'.repeat(129)])('%j is no tag', (name) =>
  expect(tag(name)).toEqual({ ok: false, error: { code: 'bad_image_name', name: name.slice(0, 100) } }),
)

test.each(['latest', 'v1.2', '_', 'A-b'])('%j is a tag', (name) => expect(tag(name)).toEqual({ ok: true, value: name }))
