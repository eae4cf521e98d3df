declare const checked: unique symbol

/** A size a terminal can really have. Made only by {@link terminalSize}. */
export type TerminalSize = { readonly cols: number; readonly rows: number; readonly [checked]: true }

export const COLS_MAX = 1000
export const ROWS_MAX = 1000

/** Whole numbers from 1 to the limits; anything that is a number is brought between them, NaN becomes 1. */
export function terminalSize(cols: number, rows: number): TerminalSize {
  return { cols: clamp(cols, COLS_MAX), rows: clamp(rows, ROWS_MAX) } as TerminalSize // the one cast: both were just clamped
}

const clamp = (n: number, max: number) => (Number.isNaN(n) ? 1 : Math.min(max, Math.max(1, Math.trunc(n))))
