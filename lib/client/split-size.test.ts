import { expect, test } from 'vitest'

import { clampSplit, SPLIT_MAX, SPLIT_MIN, SPLIT_SCRIPT, splitAfterKey } from './split-size.ts'

test('a share stays where both panes can be used', () => {
  expect([-3, 15, 33.333, 85, 400].map(clampSplit)).toEqual([SPLIT_MIN, 15, 33.3, 85, SPLIT_MAX])
})

test.each([
  ['ArrowRight', 'across', 55],
  ['ArrowLeft', 'across', 45],
  ['ArrowDown', 'down', 55],
  ['ArrowUp', 'down', 45],
  ['Home', 'down', SPLIT_MIN],
  ['End', 'across', SPLIT_MAX],
  ['ArrowDown', 'across', undefined],
  ['ArrowRight', 'down', undefined],
  ['a', 'across', undefined],
] as const)('%s in the layout %s asks for %s', (key, layout, share) => {
  expect(splitAfterKey(key, layout, 50)).toBe(share)
})

test.each([
  ['33', { '--split-across': '33' }],
  ['2', {}],
  ['x', {}],
  [null, {}],
])('before the first paint %j gives %j', (kept, shown) => {
  const style: Record<string, string> = {}
  const names = ['localStorage', 'document']
  const storage = { getItem: (key: string) => (key === 'dragoman.split.across' ? kept : null) }
  const page = { documentElement: { style: { setProperty: (name: string, value: unknown) => (style[name] = String(value)) } } }

  // oxlint-disable-next-line no-new-func, no-implied-eval -- it stands in the page as text
  new Function(...names, SPLIT_SCRIPT)(storage, page)

  expect(style).toEqual(shown)
})
