import { expect, test } from 'vitest'

import { OutputCursor } from './output-cursor.ts'

const taken = (cursor: OutputCursor, offset: number, text: string) => {
  const { bytes, skipped } = cursor.take(offset, new TextEncoder().encode(text))
  return [new TextDecoder().decode(bytes), skipped, cursor.next]
}

test('output that continues is drawn whole', () => {
  const cursor = new OutputCursor()

  expect(taken(cursor, 0, 'abc')).toEqual(['abc', 0, 3])
  expect(taken(cursor, 3, 'd')).toEqual(['d', 0, 4])
})

test('what was drawn before the connection broke is not drawn again', () => {
  const cursor = new OutputCursor()
  taken(cursor, 0, 'abcdef')

  expect(taken(cursor, 4, 'efgh')).toEqual(['gh', 0, 8])
  expect(taken(cursor, 2, 'cd')).toEqual(['', 0, 8])
})

test('what is missing is counted', () => {
  const cursor = new OutputCursor()
  taken(cursor, 0, 'ab')

  expect(taken(cursor, 5, 'f')).toEqual(['f', 3, 6])
})
