/** Keys that a phone's keyboard lacks, by the names that keyboard events have. */
export const TERMINAL_KEYS = ['Tab', 'Escape', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End'] as const
export type TerminalKey = (typeof TERMINAL_KEYS)[number]

const FINAL: Readonly<Partial<Record<TerminalKey, string>>> = {
  ArrowUp: 'A',
  ArrowDown: 'B',
  ArrowRight: 'C',
  ArrowLeft: 'D',
  Home: 'H',
  End: 'F',
}

/** What a terminal sends for a key; a program may have asked for the application's form of arrows. */
export function keySequence(key: TerminalKey, { control = false, application = false } = {}): string {
  const final = FINAL[key]
  if (final === undefined) return key === 'Tab' ? '\t' : '\x1b'
  if (control) return `\x1b[1;5${final}`
  return `\x1b${application ? 'O' : '['}${final}`
}

/** What Ctrl makes of a typed character: `c` becomes the interrupt. Others go as they are. */
export function withControl(char: string): string {
  const code = char.length === 1 ? char.toUpperCase().charCodeAt(0) : Number.NaN
  if (code >= 64 && code <= 95) return String.fromCharCode(code - 64)
  return char === ' ' ? '\0' : char === '?' ? '\x7f' : char
}
