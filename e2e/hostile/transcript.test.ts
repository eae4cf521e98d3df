import { expect, test } from 'vitest'

import { transcript } from './transcript.ts'

test('all is kept up to the size', () => {
  const heard = transcript(8)
  for (const piece of ['ab', 'cdef', 'gh']) heard.add(Buffer.from(piece))

  expect(heard.since(0)).toBe('abcdefgh')
  expect(heard.since(3)).toBe('defgh')
  expect(heard.since(8)).toBe('')
})

test('of a flood the first and the last are kept, and places still count from the beginning', () => {
  const heard = transcript(8)
  for (let n = 0; n < 100; n++) heard.add(Buffer.from(String(n % 10)))

  expect(heard.bytes()).toBe(100)
  expect(heard.since(0)).toMatch(/^0123\d{4,8}$/)
  expect(heard.since(98)).toBe('89')
})
