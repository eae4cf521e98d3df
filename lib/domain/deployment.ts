import type { Combination } from './artifact.ts'
import type { Digest } from './digest.ts'
import type { LangId } from './ids.ts'
import type { Check } from './language.ts'

/** What a language serves from then on; the highest number is live. */
export type Deployment = {
  readonly lang: LangId
  readonly number: number
  /** Of the combination. */
  readonly id: Digest
  readonly combination: Combination
  readonly kind: 'promote' | 'rollback'
  /** The promotion that a rollback restores. */
  readonly restores: number | undefined
  readonly by: string
  readonly forced: readonly Check[]
  readonly at: Date
}

/**
 * The promotion that a rollback goes back to: the newest one before what is live that served something else. Rolling back
 * twice goes back two, not to and fro.
 */
export function rollbackTarget(history: readonly Deployment[]): Deployment | undefined {
  const newestFirst = history.toSorted((a, b) => b.number - a.number)
  const live = newestFirst[0]
  if (!live) return undefined
  const before = live.restores ?? live.number
  return newestFirst.find(({ number, kind, id }) => number < before && kind === 'promote' && id !== live.id)
}
