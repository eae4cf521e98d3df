import type { StepTools } from './step-world.ts'

/** More of a line is nobody's reason. */
const LINE_CHARS_MAX = 500

/** Passes a log on and remembers the last line that says something: what failed speaks of it last. */
export function lastLine(log: StepTools['log']): { log: StepTools['log']; last(): string } {
  let tail = ''
  return {
    log(text) {
      tail = (tail + text).slice(-4 * LINE_CHARS_MAX)
      return log(text)
    },
    last: () => tail.trimEnd().split('\n').at(-1)?.trim().slice(-LINE_CHARS_MAX) ?? '',
  }
}
