import { createHash } from 'node:crypto'

import { expect, test } from 'vitest'

import { digest, digestHex, digestOfHex } from './digest.ts'

const hex = createHash('sha256').update('hello').digest('hex')

test('a digest is sha256 and 64 small hex digits, and nothing else', () => {
  expect(digest(`sha256:${hex}`)).toEqual({ ok: true, value: `sha256:${hex}` })
  const bad = [
    '',
    hex,
    `sha256:${hex.slice(1)}`,
    `sha256:${hex}0`,
    `sha256:${hex.toUpperCase()}`,
    `sha512:${hex}`,
    `sha256:${hex}\n`,
  ]
  for (const text of bad) expect(digest(text), text).toEqual({ ok: false, error: { code: 'bad_digest', digest: text } })
})

test('a digest and the hex of its hash lead to each other', () => {
  expect(digestHex(digestOfHex(hex))).toBe(hex)
  expect(() => digestOfHex('sha256')).toThrow('it is no sha256')
})

test('of a bad digest no more is kept than can be shown', () => {
  expect(digest('x'.repeat(10_000))).toEqual({ ok: false, error: { code: 'bad_digest', digest: 'x'.repeat(100) } })
})
