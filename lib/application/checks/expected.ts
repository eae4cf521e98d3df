import { createContext, runInContext } from 'node:vm'

import type { LanguageChecks } from '#lib/domain/language.ts'

/** A pattern that takes longer on some output is taken for one that does not match. */
export const MATCH_MS_MAX = 500

/** Whether plain output holds what is expected; a line end at the end of the expectation does not count. */
export const holds = (output: string, expected: string) => output.includes(expected.replace(/\n$/, ''))

/** Whether the template greeted: by `hello` as text, or as a pattern where its matches have a length. */
export function greets(output: string, { hello, helloMaxLength }: Pick<LanguageChecks, 'hello' | 'helloMaxLength'>): boolean {
  return helloMaxLength === undefined ? holds(output, hello) : matches(output, hello, helloMaxLength)
}

function matches(output: string, pattern: string, lengthMax: number): boolean {
  const found: unknown = runWithin(`new RegExp(pattern).exec(output)?.[0].length`, { pattern, output })
  return typeof found === 'number' && found <= lengthMax
}

/** A pattern comes from a config and may backtrack for ever; only another context can be interrupted. */
function runWithin(code: string, names: Record<string, string>): unknown {
  try {
    return runInContext(code, createContext({ ...names }), { timeout: MATCH_MS_MAX })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined
    throw error
  }
}
