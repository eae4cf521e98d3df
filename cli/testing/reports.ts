import { readFileSync } from 'node:fs'
import { z } from 'zod'

import { type Count, NONE } from './count.ts'

/** Test programs write what they found as JSON; these say how many of it was good. A report that is not there counts none. */
const vitest = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(z.object({ name: z.string(), status: z.string() })),
})
const playwright = z.object({ stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }) })
const dragoman = z.object({
  results: z.array(z.object({ ok: z.boolean(), lang: z.string() })),
  skipped: z.array(z.object({ lang: z.string(), check: z.string().optional(), reason: z.string() })),
  problems: z.array(z.object({ severity: z.string() })),
})

const built = z.object({ builds: z.array(z.object({ lang: z.string(), ok: z.boolean() })) })

export const vitestCount = (path: string): Count =>
  read(vitest, fileText(path), NONE, (report) => ({ passed: report.numPassedTests, failed: report.numFailedTests }))

/** The files that a test failed in. */
export const vitestParts = (path: string): string[] =>
  read(vitest, fileText(path), [], ({ testResults }) =>
    testResults.filter(({ status }) => status === 'failed').map(({ name }) => name),
  )

/** What passes only at a second try is counted as such. */
export const playwrightCount = (path: string): Count =>
  read(playwright, fileText(path), NONE, ({ stats }) => ({
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected,
    ...(stats.flaky > 0 && { shaky: stats.flaky }),
  }))

/** A language that was left out whole, for want of its packages, was to be tested and was not. */
export const languagesCount = (text: string): Count =>
  read(dragoman, text, NONE, ({ results, skipped, problems }) => ({
    passed: results.filter(({ ok }) => ok).length,
    failed:
      results.filter(({ ok }) => !ok).length +
      skipped.filter(({ check }) => check === undefined).length +
      problems.filter(({ severity }) => severity === 'error').length,
  }))

/** The languages that a check failed of. */
export const languagesParts = (text: string): string[] =>
  read(dragoman, text, [], ({ results }) => [...new Set(results.filter(({ ok }) => !ok).map(({ lang }) => lang))])

/** Each build is one: with a check that failed it is not good. */
export const buildsCount = (text: string): Count =>
  read(built, text, NONE, ({ builds }) => ({
    passed: builds.filter(({ ok }) => ok).length,
    failed: builds.filter(({ ok }) => !ok).length,
  }))

export const buildsParts = (text: string): string[] =>
  read(built, text, [], ({ builds }) => builds.filter(({ ok }) => !ok).map(({ lang }) => lang))

/** The last `N passed, N failed` that a program printed. */
export function printedCount(text: string): Count {
  const [, passed, failed] = [...text.matchAll(/(\d+) passed, (\d+) failed/g)].at(-1) ?? []
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 0) }
}

function read<T, R>(schema: z.ZodType<T>, text: string, otherwise: R, get: (report: T) => R): R {
  try {
    return get(schema.parse(JSON.parse(text)))
  } catch {
    return otherwise
  }
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
