import { history } from '@codemirror/commands'
import { EditorState, type TransactionSpec } from '@codemirror/state'
import { type Command, keymap, type EditorView } from '@codemirror/view'
import { expect, test } from 'vitest'

import { EMACS_KEYS } from './emacs-keys.ts'

/** As much of an editor as commands need that do not look at the screen. `|` is the cursor. */
function editor(text: string) {
  const at = text.indexOf('|')
  let state = EditorState.create({
    doc: text.replace('|', ''),
    selection: { anchor: at },
    extensions: [history(), EMACS_KEYS],
  })
  const view = {
    get state() {
      return state
    },
    dispatch(...specs: TransactionSpec[]) {
      state = state.update(...specs).state
    },
  } as unknown as EditorView
  return {
    press(...keys: string[]) {
      for (const key of keys) {
        const found = state.facet(keymap).flat().find((one) => one.key === key) // prettier-ignore
        expect(found?.run?.(view), key).toBe(true)
      }
    },
    run: (command: Command) => command(view),
    shows: () => {
      const { from, to } = state.selection.main
      const doc = state.doc.toString()
      return from === to
        ? `${doc.slice(0, from)}|${doc.slice(from)}`
        : `${doc.slice(0, from)}[${doc.slice(from, to)}]${doc.slice(to)}`
    },
    move: (anchor: number, head = anchor) => void (state = state.update({ selection: { anchor, head } }).state),
  }
}

test('kills that follow one another come back as one', () => {
  const { press, shows, move } = editor('|one\ntwo\nthree')
  press('Ctrl-k', 'Ctrl-k', 'Ctrl-k')
  expect(shows()).toBe('|\nthree')
  move(6)
  press('Ctrl-y')
  expect(shows()).toBe('\nthreeone\ntwo|')
})

test('a kill after something else was done is one of its own', () => {
  const { press, shows, move } = editor('|one\ntwo')
  press('Ctrl-k')
  press('Ctrl-y')
  move(4)
  press('Ctrl-k', 'Ctrl-y', 'Ctrl-y')
  expect(shows()).toBe('one\ntwotwo|')
})

test('a selection is taken out or copied, and yanked', () => {
  const { press, shows, move } = editor('|one two')
  move(0, 4)
  press('Ctrl-w')
  expect(shows()).toBe('|two')
  move(0, 3)
  press('Alt-w')
  expect(shows()).toBe('two|')
  press('Ctrl-y')
  expect(shows()).toBe('twotwo|')
})

test('the mark is set and dropped where the cursor is', () => {
  const { press, shows, move } = editor('|one')
  move(0, 2)
  press('Ctrl-Space')
  expect(shows()).toBe('on|e')
  move(2, 3)
  press('Ctrl-g')
  expect(shows()).toBe('one|')
})

test('undo brings a kill back', () => {
  const { press, shows } = editor('|one')
  press('Ctrl-k', 'Ctrl-/')
  expect(shows().replace(/[[\]|]/g, '')).toBe('one')
})
