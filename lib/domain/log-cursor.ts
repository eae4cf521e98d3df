import { type AttemptKey, type Step, STEPS } from './build.ts'

/** How far somebody has read a build's log. Steps, attempts and bytes only grow, so a cursor has exactly one place. */
export type LogCursor = {
  readonly step: Step
  readonly number: number
  /** Bytes of that attempt's log that were read; before it began, and after its end was told, one of the two below. */
  readonly at: number
}

export const NOT_BEGUN = -1
export const TOLD_END = Number.MAX_SAFE_INTEGER

export const LOG_START: LogCursor = { step: 'package', number: 0, at: TOLD_END }

const TEXT = /^(package|image|test)\.(\d{1,6})\.(\d{1,15}|begin|end)$/

/** As it travels: `image.2.4096`. */
export function cursorText({ step, number, at }: LogCursor): string {
  return `${step}.${number}.${at === TOLD_END ? 'end' : at === NOT_BEGUN ? 'begin' : at}`
}

export function logCursor(text: string): LogCursor | undefined {
  const found = TEXT.exec(text)
  if (!found) return undefined
  const [, step = '', number = '', at = ''] = found
  // The cast is safe: the pattern has just these steps.
  return { step: step as Step, number: Number(number), at: at === 'end' ? TOLD_END : at === 'begin' ? NOT_BEGUN : Number(at) }
}

/** Whether the cursor stands in this attempt, before or after it. */
export function cursorIn({ step, number }: LogCursor, attempt: Pick<AttemptKey, 'step' | 'number'>): 'in' | 'before' | 'after' {
  const ahead = STEPS.indexOf(attempt.step) - STEPS.indexOf(step) || attempt.number - number
  return ahead === 0 ? 'in' : ahead > 0 ? 'before' : 'after'
}
