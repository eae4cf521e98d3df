'use client'

import { useState } from 'react'

import { pressInEditor, typeInEditor } from './editor-keys.ts'
import type { TerminalKey } from './terminal-keys.ts'
import type { Playground } from './use-playground.ts'

/** What a phone's keyboard lacks, in the order of use; a name for those whose face is a sign. */
const KEYS: readonly { readonly key: TerminalKey; readonly face: string; readonly name?: string }[] = [
  { key: 'Tab', face: 'Tab' },
  { key: 'Escape', face: 'Esc' },
  { key: 'ArrowLeft', face: '←', name: 'Left' },
  { key: 'ArrowDown', face: '↓', name: 'Down' },
  { key: 'ArrowUp', face: '↑', name: 'Up' },
  { key: 'ArrowRight', face: '→', name: 'Right' },
]
const SIGNS: readonly (readonly [face: string, name: string])[] = [
  ['|', 'Bar'],
  ['~', 'Tilde'],
  ['/', 'Slash'],
  ['\\', 'Backslash'],
  ['-', 'Hyphen'],
  ['_', 'Underscore'],
  ['{', 'Open brace'],
  ['}', 'Close brace'],
  ['[', 'Open bracket'],
  [']', 'Close bracket'],
  ['<', 'Less than'],
  ['>', 'Greater than'],
  ['=', 'Equals'],
  ['&', 'Ampersand'],
  ['$', 'Dollar'],
  ['#', 'Hash'],
  ['`', 'Backquote'],
]

/**
 * A row of keys above a phone's keyboard. They go to the pane that was in use, and never take the focus, so that the
 * keyboard stays up.
 */
export function KeyRow({ play }: { play: Playground }) {
  const [isControlHeld, setControlHeld] = useState(false)
  const canPaste = typeof navigator !== 'undefined' && navigator.clipboard?.readText !== undefined
  const editor = () => document.activeElement?.closest('.editor')?.querySelector<HTMLElement>('.cm-content') ?? undefined

  function setControl(isHeld: boolean) {
    setControlHeld(isHeld)
    play.terminal()?.holdControl(isHeld ? () => setControl(false) : undefined)
  }

  function press(key: TerminalKey) {
    const inEditor = editor()
    if (inEditor) pressInEditor(inEditor, key, isControlHeld)
    else play.terminal()?.press(key)
    if (inEditor) setControl(false)
  }

  function type(text: string) {
    if (editor()) typeInEditor(text)
    else play.terminal()?.type(text)
  }

  async function paste() {
    const inEditor = editor()
    try {
      const text = await navigator.clipboard.readText()
      if (inEditor) typeInEditor(text)
      else play.terminal()?.paste(text)
    } catch {
      // the visitor said no, and knows it
    }
  }

  return (
    <section className="key-row" aria-label="Keys" ref={keepFocus}>
      <button type="button" className="key" aria-pressed={isControlHeld} onClick={() => setControl(!isControlHeld)}>
        Ctrl
      </button>
      {KEYS.map(({ key, face, name }) => (
        <button key={key} type="button" className="key" aria-label={name} onClick={() => press(key)}>
          {face}
        </button>
      ))}
      <button type="button" className="key wide" onClick={() => play.endInput()}>
        End of input
      </button>
      <button
        type="button"
        className="key wide"
        aria-disabled={!canPaste}
        title={canPaste ? undefined : 'This page may not read the clipboard; press long to paste'}
        onClick={canPaste ? () => void paste() : undefined}
      >
        Paste
      </button>
      {SIGNS.map(([face, name]) => (
        <button key={face} type="button" className="key" aria-label={name} onClick={() => type(face)}>
          {face}
        </button>
      ))}
    </section>
  )
}

/** A press that took the focus would send the keyboard away. */
function keepFocus(row: HTMLElement | null) {
  row?.addEventListener('mousedown', (event) => event.preventDefault())
}
