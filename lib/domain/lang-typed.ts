import type { Typed } from './language.ts'

/** Longest pause that a config may ask for between two lines. */
export const DELAY_MS_MAX = 30_000

const DELAY = /^DELAY: *(\d+(?:\.\d+)?) *$/

/** The lines of a config's `input`; no text at all is one empty line, so Enter alone. */
export function typedLines(text: string): readonly Typed[] {
  return text.replace(/\n$/, '').split('\n').map(typed)
}

function typed(line: string): Typed {
  const seconds = DELAY.exec(line)?.[1]
  if (seconds === undefined) return { line }
  return { delayMs: Math.min(DELAY_MS_MAX, Math.round(Number(seconds) * 1000)) }
}
