import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'

import { isOnlyOne } from './only-one.ts'

test('the second of two is told so', async () => {
  const name = `\0only-one-${randomBytes(8).toString('hex')}`

  expect(await isOnlyOne(name)).toBe(true)
  expect(await isOnlyOne(name)).toBe(false)
})
