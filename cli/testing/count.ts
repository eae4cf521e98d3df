/** What a stage of the tests comes to. */
export type Count = {
  readonly passed: number
  readonly failed: number
  /** Of the passed, those that did so only at a second try. */
  readonly shaky?: number
}

export const NONE: Count = { passed: 0, failed: 0 }
export const oneIf = (isGood: boolean): Count => (isGood ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })

export const sum = (counts: readonly Count[]): Count =>
  counts.reduce((all, one) => {
    const shaky = (all.shaky ?? 0) + (one.shaky ?? 0)
    return { passed: all.passed + one.passed, failed: all.failed + one.failed, ...(shaky > 0 && { shaky }) }
  }, NONE)

export const words = ({ passed, failed }: Count) => `${passed} passed, ${failed} failed`

/**
 * A program's own count and its exit code together: one that fails without a failed test failed all the same, and so did
 * one that ran no test at all.
 */
export function honest(count: Count, code: number): Count {
  const isSilent = count.failed === 0 && (code !== 0 || count.passed + (count.shaky ?? 0) === 0)
  return isSilent ? { ...count, failed: 1 } : count
}
