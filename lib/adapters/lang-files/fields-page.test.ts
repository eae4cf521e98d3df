import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { fieldsPage } from './fields-page.ts'

const rows = fieldsPage()
  .split('\n')
  .filter((line) => line.startsWith('| `'))

test('docs/languages-config.md is the one that `node cli/docs.ts` makes', () => {
  expect(readFileSync(join(import.meta.dirname, '../../../docs/languages-config.md'), 'utf8')).toBe(fieldsPage())
})

test('every field of a config, and of those inside it, has its sentence', () => {
  expect(rows.length).toBeGreaterThan(90)
  expect(rows.filter((row) => / \|\s+\|$/.test(row))).toEqual([])
})
