import { EditorState, type Extension, type StateEffect, type Text, type TransactionSpec } from '@codemirror/state'
import { EditorView } from '@codemirror/view'

import { BASE } from './editor-base.ts'
import { slots } from './editor-slots.ts'
import type { EditorSide } from './program/desk.ts'

export type EditorPane = EditorSide & {
  /** What the editor does besides, by name; each file's own, made anew when it is shown. */
  extend(slot: string, extension: (path: string) => Extension): void
  /** The same for what remembers changes: those since a file was first shown become one step of it. */
  extendHistory(slot: string, extension: (path: string) => Extension): void
  /** Does something to the shown file. */
  change(spec: TransactionSpec): void
  readonly view: EditorView
  focus(): void
  close(): void
}

export type EditorOptions = {
  label: (path: string) => string
  onChange: (path: string, text: string) => void
  onShortcut: (event: KeyboardEvent) => boolean
  /** The editor was entered, or the pointer is over it. */
  onEnter: () => void
}

/** The editor, in `pane`: one view, and for each file a state with a history of its own. */
export function openEditor(pane: HTMLElement, { label, onChange, onShortcut, onEnter }: EditorOptions): EditorPane {
  const states = new Map<string, EditorState>()
  const firsts = new Map<string, Text>()
  const scrolls = new Map<string, StateEffect<unknown>>()
  const extras = slots(['keymap', 'help', 'server', 'extras', 'label', 'highlighting', 'preferences'])
  let active = ''

  const create = (doc: string) => EditorState.create({ doc, extensions: [keys, extras.empty, BASE, changed] })
  const keys = EditorView.domEventHandlers({ keydown: (event) => onShortcut(event) })
  const changed = EditorView.updateListener.of(({ docChanged, state }) => docChanged && onChange(active, state.doc.toString()))
  const view = new EditorView({ parent: pane, state: create('') })
  for (const sign of ['focus', 'pointerenter', 'touchstart']) view.contentDOM.addEventListener(sign, onEnter, { passive: true })

  const stateOf = (path: string) => (path === active ? view.state : states.get(path))
  const whole = (state: EditorState, insert: string) => ({
    changes: { from: 0, to: state.doc.length, insert },
    userEvent: 'input',
  })
  /** Back to the text as it was first shown, what the slots hold by now, and forth again. */
  const since = ({ doc, selection }: EditorState, path: string): TransactionSpec[] => {
    const first = firsts.get(path) ?? doc
    const effects = extras.all(path)
    if (first.eq(doc)) return [{ effects }]
    const back = { changes: { from: 0, to: doc.length, insert: first } }
    const forth = { changes: { from: 0, to: first.length, insert: doc }, selection, userEvent: 'input' }
    return [back, { effects }, forth]
  }
  const extend = (slot: string, extension: (path: string) => Extension) => {
    view.dispatch({ effects: extras.set(slot, extension, active) })
  }
  extend('label', (path) => EditorView.contentAttributes.of({ 'aria-label': label(path) }))

  return {
    view,
    extend,
    extendHistory(slot, extension) {
      extras.set(slot, extension, active)
      for (const spec of since(view.state, active)) view.dispatch(spec)
      for (const [path, kept] of states) {
        states.set(
          path,
          since(kept, path).reduce((state, spec) => state.update(spec).state, kept),
        )
      }
    },
    show(path, text) {
      if (path === active && view.state.doc.toString() === text) return
      if (active !== '') {
        states.set(active, view.state)
        scrolls.set(active, view.scrollSnapshot())
      }
      const kept = states.get(path)
      const next = kept?.doc.toString() === text ? kept : create(text)
      if (next !== kept) firsts.set(path, next.doc)
      active = path
      // What was switched on or off while another file was shown.
      view.setState(next.update({ effects: extras.all(path) }).state)
      const scroll = scrolls.get(path)
      if (scroll) view.dispatch({ effects: scroll })
    },
    write(path, text) {
      const state = stateOf(path)
      if (path === active) view.dispatch(whole(view.state, text))
      else if (state) states.set(path, state.update(whole(state, text)).state)
    },
    rename(from, to) {
      const state = states.get(from)
      states.delete(from)
      if (state) states.set(to, state)
      if (from !== active) return
      active = to
      view.dispatch({ effects: extras.all(to) })
    },
    replace() {
      states.clear()
      scrolls.clear()
      active = ''
    },
    change: (spec) => view.dispatch(spec),
    focus: () => view.focus(),
    close: () => view.destroy(),
  }
}
