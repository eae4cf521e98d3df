import type { Problem } from '#lib/domain/problem.ts'
import type { Answer } from '#lib/protocol/browser.ts'

import type { EditorPane } from './editor.ts'
import type { Desk, Notice } from './program/desk.ts'
import { textOf } from './program/program.ts'
import { problemWords } from './status-words.ts'

type Format = (text: string) => Promise<Answer<{ text: string }> | undefined>

/**
 * Has the shown file formatted. Its text changes only when the formatter took it and nobody touched it meanwhile; then in
 * as few places as can be, so that the cursor stays where it was, and as one step that undo takes back.
 */
export async function formatText(format: Format, desk: Desk, editor: Pick<EditorPane, 'change'>): Promise<void> {
  const { active, program } = desk.view()
  const before = textOf(program, active) ?? ''
  desk.say({ words: 'Formatting…' })
  const answer = await format(before)
  if (answer === undefined) return desk.say(problem('The connection broke before the formatter answered. Nothing was changed.'))
  if (!answer.ok) return desk.say(refusal(answer.error))
  const now = desk.view()
  if (now.active !== active || textOf(now.program, active) !== before)
    return desk.say(problem('The text was changed while it was being formatted, so it was left as it is. Format again.'))
  if (answer.value.text === before) return desk.say({ words: 'The text has its form already.' })
  const { formatted } = await import('./text-changes.ts')
  editor.change(formatted(before, answer.value.text))
  desk.dismiss()
}

const problem = (words: string): Notice => ({ words, isProblem: true })

const refusal = (error: Problem): Notice =>
  error.code === 'format_failed'
    ? { words: 'The formatter did not take the text. Nothing was changed.', detail: error.output.trim(), isProblem: true }
    : problem(`${problemWords(error)} Nothing was changed.`)
