import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { loadRows } from './rows.ts'

const NUMBERS = [
  ...[
    1, 2, 3, 5, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 21, 22, 23, 25, 26, 27, 28, 30, 31, 32, 34, 35, 36, 37, 39, 40, 41, 43, 44,
  ],
  ...[45, 46, 48, 49, 50, 51, 52, 53, 56, 57, 58, 59, 60, 61, 63, 65, 66, 166, 265],
]
/** Those that are done by the formatter and the language server too. */
const THROUGH = [11, 12, 21, 34, 35, 36, 37, 39, 40, 41, 43, 44, 45, 49, 50, 51, 53]

test('no row is lost', async () => {
  const through = [100, 200].flatMap((more) => THROUGH.map((number) => number + more))
  expect((await loadRows()).map(({ attack }) => attack.number)).toEqual([...NUMBERS, ...through].sort((a, b) => a - b))
})

test('each row says what it does and what must come of it', async () => {
  for (const { name, attack } of (await loadRows()).filter(({ name }) => !/-(formatted|served)$/.test(name))) {
    const file = `${String(attack.number).padStart(2, '0')}-${name}.ts`
    expect(readFileSync(join(import.meta.dirname, 'rows', file), 'utf8'), file).toMatch(/^\/\*\*\n \* [^]*?Expected:[^]*? \*\/\n/)
  }
})
