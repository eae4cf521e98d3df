import { isolateHistory } from '@codemirror/commands'
import { diff } from '@codemirror/merge'
import type { TransactionSpec } from '@codemirror/state'

/** Beyond these a change may be larger than need be, but comes at once. */
const SCAN_MAX = 1_000
const TIME_MS_MAX = 200

/** The small changes that make one text another. */
function changesBetween(before: string, after: string): { from: number; to: number; insert: string }[] {
  const changes = diff(before, after, { scanLimit: SCAN_MAX, timeout: TIME_MS_MAX })
  return changes.map(({ fromA, toA, fromB, toB }) => ({ from: fromA, to: toA, insert: after.slice(fromB, toB) }))
}

/** Makes the text what the formatter made of it: one step for undo, whatever is typed right after. */
export const formatted = (before: string, after: string): TransactionSpec => ({
  changes: changesBetween(before, after),
  annotations: isolateHistory.of('full'),
  userEvent: 'format',
  scrollIntoView: true,
})
