import { globSync, readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { SERIES } from '#lib/application/ports/metrics.ts'

test('every series that is declared is told by somebody', () => {
  const sources = globSync('lib/**/*.ts').filter((file) => !file.includes('.test.') && !file.endsWith('ports/metrics.ts'))
  const text = sources.map((file) => readFileSync(file, 'utf8')).join('\n')

  expect(Object.keys(SERIES).filter((name) => !text.includes(`'${name}'`))).toEqual([])
})
