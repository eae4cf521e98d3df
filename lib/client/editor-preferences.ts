import { indentUnit } from '@codemirror/language'
import { EditorState, type Extension } from '@codemirror/state'

import type { TabWidth } from './settings.ts'

const STANDARD = '    '
/** Enough to see how a text is indented. */
const LINES_MAX = 500

/** One step of indentation in a text: a tab, two to eight blanks, or four where nothing is indented. */
export function indentationOf(text: string): string {
  let least = Number.POSITIVE_INFINITY
  for (const line of text.split('\n', LINES_MAX)) {
    if (line.startsWith('\t')) return '\t'
    const blanks = /^ +(?=[^\s*])/.exec(line)?.[0].length ?? 0
    if (blanks >= 2) least = Math.min(least, blanks)
  }
  return least <= 8 ? ' '.repeat(least) : STANDARD
}

/** How wide tabs are and what the Tab key puts in. A text that is indented by tabs goes on so, at the chosen width. */
export function indentation(width: TabWidth, text: string): Extension {
  const unit = indentationOf(text)
  if (width === 'text') return [indentUnit.of(unit), EditorState.tabSize.of(unit === '\t' ? 4 : unit.length)]
  const columns = Number(width)
  return [indentUnit.of(unit === '\t' ? unit : ' '.repeat(columns)), EditorState.tabSize.of(columns)]
}
