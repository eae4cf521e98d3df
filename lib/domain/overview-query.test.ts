import { expect, test } from 'vitest'

import type { BuildId, LangId } from './ids.ts'
import { buildsPath, buildsQuery, overviewPath, overviewQuery, type Sort, SORTS } from './overview-query.ts'

const back = (path: string) => new URLSearchParams(path.split('?')[1])

test('an address is read as it was written, by every column and both ways', () => {
  for (const sort of Object.keys(SORTS) as Sort[]) {
    for (const isDown of [true, false]) {
      for (const needs of [undefined, 'any', 'old-base'] as const) {
        const query = { words: 'c++ & co', sort, isDown, ...(needs && { needs }) }
        expect(overviewQuery(back(overviewPath(query)))).toEqual(query)
      }
    }
  }
  expect(overviewPath({ words: '', sort: 'name', isDown: false })).toBe('/dashboard')
})

test('a place among builds is read as it was written, and what is none is left out', () => {
  const query = {
    lang: 'c++' as LangId,
    state: 'open' as const,
    below: { at: new Date(1_700_000_000_123), id: 'b0123456789abcdef' as BuildId },
  }
  expect(buildsQuery(back(buildsPath(query)))).toEqual(query)
  for (const below of [
    '',
    'x',
    '1.x',
    '.b0123456789abcdef',
    '9999999999999999.b0123456789abcdef',
    '999999999999999.b0123456789abcdef',
  ])
    expect(buildsQuery(new URLSearchParams({ below, lang: '../x', state: 'constructor' }))).toEqual({})
  expect(buildsPath({})).toBe('/dashboard/builds')
})
