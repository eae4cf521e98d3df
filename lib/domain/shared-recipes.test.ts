import { expect, test } from 'vitest'

import { SHARED_DEPTH_MAX, sharedRecipes } from './shared-recipes.ts'

const recipes = (needs: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(needs).map(([id, riju]) => ({ id, install: riju.length === 0 ? {} : { riju: [...riju] } }))

const found = (riju: string[], needs: Readonly<Record<string, readonly string[]>>) => {
  const made = sharedRecipes({ riju }, recipes(needs))
  return made.ok ? made.value.map(({ id }) => id) : made.error
}

test('each comes once, after those that it needs', () => {
  expect(found(['a', 'c'], { a: ['b', 'd'], b: ['c'], c: ['d'], d: [], idle: [] })).toEqual(['d', 'c', 'b', 'a'])
  expect(sharedRecipes(undefined, recipes({ a: ['a'] }))).toEqual({ ok: true, value: [] })
})

test('a name that nobody has is told with who asks for it', () => {
  const why = 'there is no shared package "x"'
  expect(found(['x'], {})).toEqual({ code: 'unknown_shared', name: 'x', why })
  expect(found(['a'], { a: ['b'], b: ['x'] })).toEqual({ code: 'unknown_shared', name: 'a', why: `${why}, which a -> b needs` })
})

test('a circle is told as the way around it', () => {
  expect(found(['ok', 'a'], { ok: [], a: ['b'], b: ['c'], c: ['b'] })).toEqual({
    ...{ code: 'shared_cycle', name: 'a', why: 'shared packages need themselves: a -> b -> c -> b' },
  })
})

test('a chain has an end, whichever of its parts was met before', () => {
  const chain = (length: number) =>
    Object.fromEntries(Array.from({ length }, (_, n) => [`s${n}`, n + 1 < length ? [`s${n + 1}`] : []]))
  expect(found(['s0'], chain(SHARED_DEPTH_MAX))).toHaveLength(SHARED_DEPTH_MAX)
  expect(found(['s0'], chain(SHARED_DEPTH_MAX + 1))).toMatchObject({ code: 'shared_too_deep', name: 's0' })
  expect(found(['s0'], chain(5000))).toMatchObject({ code: 'shared_too_deep' })
  expect(found(['s2', 's0'], chain(SHARED_DEPTH_MAX + 1))).toMatchObject({ code: 'shared_too_deep', name: 's0' })
})
