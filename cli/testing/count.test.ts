import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { honest, sum, words } from './count.ts'
import {
  buildsCount,
  buildsParts,
  languagesCount,
  languagesParts,
  playwrightCount,
  printedCount,
  vitestCount,
  vitestParts,
} from './reports.ts'
import { runStage, type StageEnd } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'dragoman-count-'))
afterAll(() => rmSync(folder, { recursive: true }))

const written = (report: unknown) => {
  const path = join(folder, 'report.json')
  writeFileSync(path, JSON.stringify(report))
  return path
}

test('counts are added up and said as one line', () => {
  expect(
    words(
      sum([
        { passed: 2, failed: 0 },
        { passed: 3, failed: 1 },
      ]),
    ),
  ).toBe('5 passed, 1 failed')
  expect(words(sum([]))).toBe('0 passed, 0 failed')
})

test.each([
  [{ passed: 5, failed: 0 }, 0, { passed: 5, failed: 0 }],
  [{ passed: 5, failed: 2 }, 1, { passed: 5, failed: 2 }],
  [{ passed: 5, failed: 0 }, 1, { passed: 5, failed: 1 }],
  [{ passed: 0, failed: 0 }, 0, { passed: 0, failed: 1 }],
])('%o with exit code %i counts as %o', (count, code, expected) => {
  expect(honest(count, code)).toEqual(expected)
})

test('each report is read for what passed and what did not', () => {
  const testResults = [
    { name: '/a.test.ts', status: 'passed' },
    { name: '/b.test.ts', status: 'failed' },
  ]
  const report = written({ numPassedTests: 7, numFailedTests: 1, testResults })
  expect(vitestCount(report)).toEqual({ passed: 7, failed: 1 })
  expect(vitestParts(report)).toEqual(['/b.test.ts'])
  expect(playwrightCount(written({ stats: { expected: 3, unexpected: 1, flaky: 1, skipped: 4 } }))).toEqual({
    passed: 4,
    failed: 1,
    shaky: 1,
  })
  expect(printedCount('1 passed, 0 failed\nx\n12 passed, 3 failed\n')).toEqual({ passed: 12, failed: 3 })
})

test('a language left out whole counts as failed, one check left out with a reason does not', () => {
  const report = {
    results: [
      { ok: true, lang: 'a' },
      { ok: false, lang: 'b' },
    ],
    skipped: [
      { lang: 'a', reason: 'not installed' },
      { lang: 'b', check: 'scope', reason: 'has none' },
    ],
    problems: [{ severity: 'error' }, { severity: 'warning' }],
  }
  expect(languagesCount(JSON.stringify(report))).toEqual({ passed: 1, failed: 3 })
  expect(languagesParts(JSON.stringify(report))).toEqual(['b'])
})

test('a build that did not go well is one that failed, and is told by its language', () => {
  const report = JSON.stringify({
    ok: false,
    builds: [
      { lang: 'a', ok: true },
      { lang: 'b', ok: false, why: 'run: time was up' },
    ],
  })
  expect(buildsCount(report)).toEqual({ passed: 1, failed: 1 })
  expect(buildsParts(report)).toEqual(['b'])
})

test('a report that is missing or odd counts nothing, so that its stage fails', () => {
  expect(vitestCount(join(folder, 'none.json'))).toEqual({ passed: 0, failed: 0 })
  expect(languagesCount('{"results": 1}')).toEqual({ passed: 0, failed: 0 })
})

test('a stage that throws, or takes too long, is one failure, and says so', async () => {
  const lines: string[] = []
  const print = (line: string) => void lines.push(line)
  const throws = { name: 'throws', msMax: 1000, run: () => Promise.reject(new Error('this way')) }
  expect(await runStage(throws, print)).toEqual({ passed: 0, failed: 1 })
  expect(lines).toEqual(['Error: this way', expect.stringMatching(/^FAILED throws +0 passed, 1 failed/)])

  const waits = (signal: AbortSignal) =>
    new Promise<StageEnd>((done) => {
      signal.addEventListener('abort', () => done({ count: { passed: 1, failed: 0 } }))
    })
  expect(await runStage({ name: 'is late', msMax: 1, run: waits }, print)).toEqual({ passed: 1, failed: 1 })
})

test('what passes alone at a second try passed, and is told of with what it said first; many that fail get none', async () => {
  const lines: string[] = []
  const print = (line: string) => void lines.push(line)
  const stage = (failing: readonly string[], second: number) => ({
    name: 'shakes',
    msMax: 1000,
    run: async () => ({ count: { passed: 5, failed: failing.length }, output: 'first words', parts: failing }),
    again: async (parts: readonly string[]) => {
      expect(parts).toEqual(failing)
      return { count: { passed: 1, failed: second } }
    },
  })
  const shaky = await runStage(stage(['a'], 0), print)
  expect(shaky).toEqual({ passed: 6, failed: 0, shaky: 1 })
  expect(lines).toEqual(['first words', expect.stringMatching(/^again  shakes +a$/), expect.stringMatching(/^ok/)])
  expect(sum([shaky, { passed: 1, failed: 0 }])).toEqual({ passed: 7, failed: 0, shaky: 1 })

  expect(await runStage(stage(['a'], 1), print)).toEqual({ passed: 5, failed: 1 })
  lines.length = 0
  const byItself = async () => ({ count: { passed: 5, failed: 0, shaky: 1 }, output: 'retry words' })
  expect(await runStage({ name: 'retries', msMax: 1000, run: byItself }, print)).toEqual({ passed: 5, failed: 0, shaky: 1 })
  expect(lines[0]).toBe('retry words')

  const many = { ...stage(['a', 'b', 'c', 'd'], 0), again: () => Promise.reject(new Error('not to be asked')) }
  expect(await runStage(many, print)).toEqual({ passed: 5, failed: 4 })
})
