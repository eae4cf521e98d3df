import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { clientSource } from './client-source.ts'

test('the client is the one that `node cli/docs.ts` makes', () => {
  expect(readFileSync(join(import.meta.dirname, 'client.ts'), 'utf8')).toBe(clientSource())
})
