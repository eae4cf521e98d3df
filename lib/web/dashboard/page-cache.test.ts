import { expect, test } from 'vitest'

import { FRESH_MS, KEPT_BYTES_MAX, KEPT_MAX, PageCache, STALE_MS } from './page-cache.ts'

function world(size = 1) {
  const at = { version: 0, now: 0 }
  const made: string[] = []
  const cache = new PageCache<{ size: number; n: number }>(
    () => at.version,
    () => at.now,
  )
  const get = (address: string) =>
    cache.get(address, async () => {
      made.push(address)
      if (address === '/bad') throw new Error('away')
      return { size, n: made.length }
    })
  return { at, made, get }
}

test('who asks at the same time, or shortly after, gets what was made once', async () => {
  const { at, made, get } = world()
  await Promise.all([get('/a'), get('/a')])
  at.now = FRESH_MS - 1
  await get('/a')
  expect(made).toEqual(['/a'])
})

test('what was announced, or a long while, has it made anew before anybody gets it', async () => {
  const { at, get } = world()
  expect((await get('/a')).n).toBe(1)
  at.version++
  expect((await get('/a')).n).toBe(2)
  at.now += STALE_MS
  expect((await get('/a')).n).toBe(3)
})

test('after a short while it is made anew once, beside those who get the old one', async () => {
  const { at, made, get } = world()
  await get('/a')
  at.now += FRESH_MS
  const both = await Promise.all([get('/a'), get('/a')])
  expect([both.map(({ n }) => n), made.length]).toEqual([[1, 1], 2])
  await Promise.resolve()
  expect((await get('/a')).n).toBe(2)
  expect(made).toHaveLength(2)
})

test('what failed is tried again by the next who asks', async () => {
  const { made, get } = world()
  await expect(get('/bad')).rejects.toThrow('away')
  await expect(get('/bad')).rejects.toThrow('away')
  expect(made).toHaveLength(2)
})

test('no more is kept than so many, nor than so many bytes; the oldest goes first', async () => {
  const many = world()
  for (let n = 0; n <= KEPT_MAX; n++) await many.get(`/${n}`)
  await many.get('/1')
  expect(many.made).toHaveLength(KEPT_MAX + 1)
  await many.get('/0')
  expect(many.made).toHaveLength(KEPT_MAX + 2)

  const large = world(KEPT_BYTES_MAX / 2)
  for (const address of ['/a', '/b', '/c', '/b', '/a']) await large.get(address)
  expect(large.made).toEqual(['/a', '/b', '/c', '/a'])
})
