import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Of how a file ends, the command that runs it. */
const RUNS_IN: readonly (readonly [end: string, command: string])[] = [
  ['.k8s.test.ts', '`npm run test:k8s`'],
  ['.faults.test.ts', '`npm run test:faults`'],
]

type Row = { readonly fault: string; readonly tests: string; readonly runsIn: string }

/** Lines of its tables, without their heads. */
const rows: readonly Row[] = readFileSync('docs/faults.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| fault |'))
  .map((line) => {
    const [fault = '', , tests = '', runsIn = ''] = line
      .slice(2, -1)
      .split('|')
      .map((cell) => cell.trim())
    return { fault, tests, runsIn }
  })

const testsOf = ({ tests }: Row) =>
  [...tests.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, file = '', name = '']) => ({ file, name }))
const commandOf = (file: string) => RUNS_IN.find(([end]) => file.endsWith(end))?.[1] ?? '`npm test`'

test('every fault names tests that are in their files, or says that it has none', () => {
  expect(rows.length).toBeGreaterThan(50)
  expect(new Set(rows.map(({ fault }) => fault)).size).toBe(rows.length)
  const wrong = rows.flatMap((row) => {
    const named = testsOf(row)
    if (named.length === 0) return row.tests === 'none' && row.runsIn === '' ? [] : [`${row.fault}: no test`]
    const rest = named.reduce((text, { file, name }) => text.replace(`\`${file}\` "${name}"`, ''), row.tests)
    if (/[^; ]/.test(rest)) return [`${row.fault}: ${rest.trim()}`]
    return named.flatMap(({ file, name }) =>
      readFileSync(file, 'utf8').includes(name) ? [] : [`${row.fault}: ${file} "${name}"`],
    )
  })
  expect(wrong).toEqual([])
})

test('every fault says which commands run its tests', () => {
  const wrong = rows.filter((row) => {
    const commands = new Set(testsOf(row).map(({ file }) => commandOf(file)))
    return row.runsIn !== [...commands].toSorted().toReversed().join(', ')
  })
  expect(wrong).toEqual([])
})
