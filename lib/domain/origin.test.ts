import { expect, test } from 'vitest'

import { originIsAllowed } from './origin.ts'

test.each([
  ['http://localhost:3000', 'localhost:3000', true],
  ['https://play.example.org', 'play.example.org', true],
  ['https://play.example.org', 'play.example.org:443', true],
  ['http://play.example.org', 'play.example.org:443', false],
  ['https://friend.example.org', 'play.example.org', true],
  ['https://play.example.org.evil.example', 'play.example.org', false],
  ['https://evil.example', 'play.example.org', false],
  ['http://localhost:3001', 'localhost:3000', false],
  ['file://', 'localhost:3000', false],
  ['https://play.example.org/path', 'play.example.org', false],
  ['null', 'play.example.org', false],
  ['', 'play.example.org', false],
  [undefined, 'play.example.org', false],
  ['http://localhost:3000', undefined, false],
  ['javascript:alert(1)', 'localhost:3000', false],
])('origin %s at host %s: %s', (origin, host, allowed) => {
  expect(originIsAllowed({ origin, host, allowed: ['https://friend.example.org'] })).toBe(allowed)
})
