import type { CameOf } from '#lib/application/ports/questions.ts'
import { OUTCOMES } from '#lib/domain/build.ts'
import { type Check, CHECKS, type Language } from '#lib/domain/language.ts'

import type { Checked, LanguageResult } from './results.ts'

const MIB = 1024 * 1024

/** What is kept of a build; undefined of one that says nothing about the language, since it was let down or told to stop. */
export function resultOf({ id, name, checks }: Language, came: CameOf): LanguageResult | undefined {
  const { outcome, reason = '', endedAt, imageBytes, version, results } = came
  if (outcome !== 'ok' && !OUTCOMES[outcome].blamesLanguage) return undefined
  const went = new Map(results.map(({ check, outcome, why = '' }) => [check, wentAs(outcome, why)]))
  const otherwise = (check: Check) => (checks.declared.includes(check) ? 'untested' : 'undeclared')
  return {
    ...{ id, name },
    ...(version !== undefined && { version }),
    ...(imageBytes !== undefined && { imageMiB: Math.round((imageBytes / MIB) * 10) / 10 }),
    checks: checksFrom((check) => went.get(check) ?? otherwise(check)),
    ...(outcome !== 'ok' && { reason: reason || OUTCOMES[outcome].words }),
    date: endedAt.toISOString().slice(0, 10),
  }
}

function wentAs(outcome: CameOf['results'][number]['outcome'], why: string): Checked {
  if (outcome === 'ok') return 'ok'
  return outcome === 'skipped' ? { skipped: why } : { failed: why }
}

/** The cast is safe: every check is given. */
const checksFrom = (of: (check: Check) => Checked) =>
  Object.fromEntries(CHECKS.map((check) => [check, of(check)])) as LanguageResult['checks']
