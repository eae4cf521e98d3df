import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import type { Extension } from '@codemirror/state'
import { keymap } from '@codemirror/view'

/**
 * What only somebody who edits needs: loaded when the editor is about to be entered, an eighth of the page's scripts. The
 * browser itself types and deletes until then. Escape and then Tab leaves the editor, since Tab itself indents.
 */
export const EDITOR_EXTRAS: Extension = [
  history(),
  closeBrackets(),
  highlightSelectionMatches(),
  keymap.of([...closeBracketsKeymap, ...searchKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
]
