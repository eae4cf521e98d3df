import { startCompletion } from '@codemirror/autocomplete'
import * as commands from '@codemirror/commands'
import { openSearchPanel } from '@codemirror/search'
import { EditorSelection, type Extension, Prec, StateEffect, StateField } from '@codemirror/state'
import { type Command, type EditorView, type KeyBinding, keymap } from '@codemirror/view'

/** Kills that follow one another are one; the ring keeps the last of these. */
const KILLS_MAX = 60
const ring: string[] = []
let lastKillEnd: object | undefined

const setMark = StateEffect.define<boolean>()
/** Whether movements select. A change of the text ends it. */
const mark = StateField.define<boolean>({
  create: () => false,
  update: (is, { docChanged, effects }) => effects.findLast((effect) => effect.is(setMark))?.value ?? (docChanged ? false : is),
})

const move =
  (go: Command, select: Command): Command =>
  (view) =>
    (view.state.field(mark) ? select : go)(view)

const { cursorCharLeft, cursorCharRight, cursorLineUp, cursorLineDown, cursorLineStart, cursorLineEnd } = commands
const { cursorGroupLeft, cursorGroupRight, cursorPageUp, cursorPageDown, cursorDocStart, cursorDocEnd } = commands

/** Emacs's keys for the same movement, with those of any keyboard, and what they select when the mark is set. */
const MOVES: readonly [keys: readonly string[], go: Command, select: Command][] = [
  [['Ctrl-b', 'ArrowLeft'], cursorCharLeft, commands.selectCharLeft],
  [['Ctrl-f', 'ArrowRight'], cursorCharRight, commands.selectCharRight],
  [['Ctrl-p', 'ArrowUp'], cursorLineUp, commands.selectLineUp],
  [['Ctrl-n', 'ArrowDown'], cursorLineDown, commands.selectLineDown],
  [['Ctrl-a', 'Home'], cursorLineStart, commands.selectLineStart],
  [['Ctrl-e', 'End'], cursorLineEnd, commands.selectLineEnd],
  [['Alt-b'], cursorGroupLeft, commands.selectGroupLeft],
  [['Alt-f'], cursorGroupRight, commands.selectGroupRight],
  [['Alt-v', 'PageUp'], cursorPageUp, commands.selectPageUp],
  [['Ctrl-v', 'PageDown'], cursorPageDown, commands.selectPageDown],
  [['Alt-<', 'Alt-Shift-,'], cursorDocStart, commands.selectDocStart],
  [['Alt->', 'Alt-Shift-.'], cursorDocEnd, commands.selectDocEnd],
]

const BINDINGS: readonly KeyBinding[] = [
  ...MOVES.flatMap(([keys, go, select]) => keys.map((key) => ({ key, run: move(go, select) }))),
  { key: 'Ctrl-Space', run: (view) => marked(view, true) },
  { key: 'Ctrl-g', run: (view) => marked(view, false) },
  { key: 'Ctrl-x h', run: commands.selectAll },
  { key: 'Ctrl-x u', run: commands.undo },
  { key: 'Ctrl-_', run: commands.undo },
  { key: 'Ctrl-/', run: commands.undo },
  { key: 'Ctrl-d', run: commands.deleteCharForward },
  { key: 'Alt-d', run: (view) => killTo(view, commands.selectGroupRight) },
  { key: 'Alt-Backspace', run: (view) => killTo(view, commands.selectGroupLeft) },
  { key: 'Ctrl-k', run: killLine },
  { key: 'Ctrl-w', run: killSelection },
  { key: 'Alt-w', run: copySelection },
  { key: 'Ctrl-y', run: yank },
  { key: 'Ctrl-o', run: commands.splitLine },
  { key: 'Ctrl-t', run: commands.transposeChars },
  { key: 'Ctrl-s', run: openSearchPanel },
  { key: 'Ctrl-r', run: openSearchPanel },
  { key: 'Alt-;', run: commands.toggleComment },
  { key: 'Alt-/', run: startCompletion },
]

/** The editor's Emacs: movement, mark, kill and yank, undo, search. */
export const EMACS_KEYS: Extension = [mark, Prec.highest(keymap.of(BINDINGS))]

function marked(view: EditorView, isSet: boolean): boolean {
  const { main } = view.state.selection
  view.dispatch({ effects: setMark.of(isSet), selection: EditorSelection.cursor(main.head) })
  return true
}

/** Takes a range out of the text and into the ring; onto the last kill, when nothing came between. */
function kill(view: EditorView, from: number, to: number, isBefore = false): boolean {
  const { state } = view
  if (from === to) return true
  const text = state.sliceDoc(from, to)
  const last = lastKillEnd === state.doc ? ring.pop() : undefined
  ring.push(last === undefined ? text : isBefore ? text + last : last + text)
  if (ring.length > KILLS_MAX) ring.shift()
  view.dispatch({ changes: { from, to }, userEvent: 'delete.kill', effects: setMark.of(false), scrollIntoView: true })
  lastKillEnd = view.state.doc
  return true
}

/** To the end of the line; from there, the line's end itself. */
function killLine(view: EditorView): boolean {
  const { head } = view.state.selection.main
  const { to } = view.state.doc.lineAt(head)
  return kill(view, head, head === to ? Math.min(to + 1, view.state.doc.length) : to)
}

function killTo(view: EditorView, select: Command): boolean {
  const { head } = view.state.selection.main
  view.dispatch({ selection: EditorSelection.cursor(head) })
  select(view)
  const { from, to } = view.state.selection.main
  return kill(view, from, to, to === head)
}

function killSelection(view: EditorView): boolean {
  const { from, to } = view.state.selection.main
  return kill(view, from, to)
}

function copySelection(view: EditorView): boolean {
  const { from, to } = view.state.selection.main
  if (from < to) ring.push(view.state.sliceDoc(from, to))
  return marked(view, false)
}

function yank(view: EditorView): boolean {
  const text = ring.at(-1)
  if (text !== undefined) view.dispatch(view.state.replaceSelection(text), { userEvent: 'input.paste', scrollIntoView: true })
  return true
}
