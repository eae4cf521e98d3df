import type { TestResult } from './build.ts'
import { type Check, CHECKS } from './language.ts'

/** The newest result of each check of a combination. */
export type CheckResults = Partial<Readonly<Record<Check, TestResult['outcome']>>>

export type Regression = {
  readonly check: Check
  readonly was: TestResult['outcome'] | 'unknown'
  readonly is: TestResult['outcome'] | 'untested'
}

/**
 * What would be worse than the last good combination, check by check. A check that is no worse than it was does not count,
 * and one that was left out counts as lost. With nothing live yet all that was tested must have gone well.
 */
export function regressions(lastGood: CheckResults | undefined, candidate: CheckResults): readonly Regression[] {
  return CHECKS.flatMap((check) => {
    const was = lastGood ? lastGood[check] : undefined
    const is = candidate[check]
    const mustHold = lastGood ? was === 'ok' : is !== undefined && is !== 'skipped'
    return mustHold && is !== 'ok' ? [{ check, was: was ?? 'unknown', is: is ?? 'untested' }] : []
  })
}
