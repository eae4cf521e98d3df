import { expect, test } from 'vitest'

import { KEY_SEGMENTS_MAX, objectKey } from './object-key.ts'

test.each(['agents.json', 'agents/agent-1.2.3.tar.gz', 'logs/2026/11/c++/1.log', 'a'.repeat(100)])('%j is a key', (text) => {
  expect(objectKey(text)).toEqual({ ok: true, value: text })
})

test.each([
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  'a/..',
  '../a',
  'a/./b',
  '.hidden',
  'a/.b',
  '=a',
  '-a',
  'a\0b',
  'a\nb',
  'a b',
  'é',
  'a\\b',
  'a%2fb',
  'a'.repeat(101),
  Array.from({ length: KEY_SEGMENTS_MAX + 1 }, () => 'a').join('/'),
])('%j is none', (text) => {
  expect(objectKey(text)).toEqual({ ok: false, error: { code: 'bad_object_key', key: text.slice(0, 100) } })
})

test('a long key is cut where it is shown', () => {
  expect(objectKey('/'.repeat(10_000))).toMatchObject({ error: { key: '/'.repeat(100) } })
})
