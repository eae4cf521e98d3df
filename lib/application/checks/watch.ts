import type { Language } from '#lib/domain/language.ts'
import { endsInPrompt, plainText } from '#lib/domain/terminal-text.ts'

import type { Deadline } from './deadline.ts'
import type { CheckTerminal } from './terminal.ts'

/** Of a language without a pattern: its prompt stands when output pauses this long … */
export const QUIET_MS = 250
/** … or nothing at all was printed for this long. */
export const SILENT_MS = 1000

/** How a wait ended: as hoped, or why not. */
export type Waited = { readonly ok: true } | { readonly ok: false; readonly why: string }

export const seen = (terminal: CheckTerminal) => plainText(terminal.output())

/** Waits until `isTrue`, and gives up when the program or the session ends before, or at the deadline. */
export async function until(terminal: CheckTerminal, end: Deadline, what: string, isTrue: () => boolean): Promise<Waited> {
  while (!isTrue()) {
    const over = terminal.over()
    if (over !== undefined) return { ok: false, why: `the session ended (${over}) before ${what}` }
    const { state, ending } = terminal.job()
    if (state === 'ended') return { ok: false, why: `the program ended (${ended(ending)}) before ${what}` }
    if (end.passed()) return { ok: false, why: `time was up before ${what}` }
    await end.first(terminal.change())
  }
  return { ok: true }
}

export async function untilPrompt(terminal: CheckTerminal, end: Deadline, { prompt }: Language): Promise<Waited> {
  const stands = () => terminal.job().state === 'prompt' || (prompt !== undefined && endsInPrompt(seen(terminal), prompt))
  if (prompt !== undefined) return until(terminal, end, 'its prompt came', stands)

  for (;;) {
    const printed = terminal.output() !== ''
    if (stands() || terminal.over() !== undefined || terminal.job().state === 'ended') break
    if ((await end.first(terminal.change(), printed ? QUIET_MS : SILENT_MS)) === 'later') break
  }
  return until(terminal, end, 'its prompt came', () => !end.passed())
}

function ended(ending: ReturnType<CheckTerminal['job']>['ending']): string {
  if (!ending) return 'no reason told'
  if (ending.reason === 'exit') return `status ${ending.code ?? 'unknown'}`
  return ending.signal === undefined ? ending.reason : `${ending.reason} ${ending.signal}`
}
