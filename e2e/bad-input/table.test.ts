import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { BAD_INPUT } from './table.ts'

const TOP = join(import.meta.dirname, '../..')

test('every kind of bad input has a test, and that test is there', () => {
  const text = (file: string) => readFileSync(join(TOP, file), 'utf8')
  const lacking = BAD_INPUT.flatMap(({ surface, input, proofs }) =>
    (proofs.length === 0 ? [['', '']] : proofs)
      .filter(([file = '', title = '']) => file === '' || !text(file).includes(title))
      .map(([file, title]) => `${surface}: ${input}: ${file} has no "${title}"`),
  )

  expect(lacking).toEqual([])
})

test('every surface has its rows, and no row is there twice', () => {
  const count = (surface: string) => BAD_INPUT.filter((row) => row.surface === surface).length

  expect(['language file', 'HTTP', 'socket', 'command line'].map(count)).toEqual([18, 18, 11, 10])
  expect(new Set(BAD_INPUT.map(({ surface, input }) => `${surface}: ${input}`)).size).toBe(BAD_INPUT.length)
})
