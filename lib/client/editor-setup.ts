import type { Extension } from '@codemirror/state'

import { type EditorPane, openEditor } from './editor.ts'
import { indentation } from './editor-preferences.ts'
import { isSource } from './is-source.ts'
import type { Desk } from './program/desk.ts'
import { textOf } from './program/program.ts'
import { type Keymap, readKeymap, readTabWidth, watchSettings } from './settings.ts'
import type { PlayLanguage } from './use-playground.ts'

export type EditorSetup = {
  readonly pane: HTMLElement
  readonly language: PlayLanguage
  readonly desk: Desk
  readonly onShortcut: (event: KeyboardEvent) => boolean
  readonly onEnter: (editor: EditorPane) => void
  readonly closing: AbortSignal
}

/** Opens the editor with the desk's program in it, as the visitor's settings want it, and brings what it needs later later. */
export function setUpEditor({ pane, language, desk, onShortcut, onEnter, closing }: EditorSetup): EditorPane {
  let isEntered = false
  const editor = openEditor(pane, {
    label: (path) => (path === language.main ? `${language.name} program` : `${path} of the ${language.name} program`),
    onChange: desk.edited,
    onShortcut,
    onEnter() {
      if (isEntered) return
      isEntered = true
      void loadExtras(editor)
      onEnter(editor)
    },
  })
  closing.addEventListener('abort', editor.close)
  desk.attach(editor)

  const applyTabs = () => {
    const width = readTabWidth()
    editor.extend('preferences', (path) => indentation(width, textOf(desk.view().program, path) ?? ''))
  }
  let keymap: Keymap = 'standard'
  const applyKeymap = async () => {
    const wanted = readKeymap()
    if (wanted === keymap) return
    keymap = wanted
    const extension = await KEYMAPS[wanted]()
    if (!closing.aborted && keymap === wanted) editor.extend('keymap', () => extension)
  }
  const apply = () => {
    applyTabs()
    void applyKeymap()
  }
  apply()
  closing.addEventListener('abort', watchSettings(apply))
  if (language.highlight) void highlight(editor, language, language.highlight, closing)
  return editor
}

const KEYMAPS: Readonly<Record<Keymap, () => Promise<Extension>>> = {
  standard: async () => [],
  vim: async () => (await import('@replit/codemirror-vim')).vim({ status: true }),
  emacs: async () => (await import('./emacs-keys.ts')).EMACS_KEYS,
}

async function highlight(editor: EditorPane, language: PlayLanguage, hint: string, closing: AbortSignal) {
  const { loadHighlighting } = await import('./highlighting.ts')
  const extension = await loadHighlighting(hint)
  if (extension && !closing.aborted) editor.extend('highlighting', (path) => (isSource(path, language) ? extension : []))
}

async function loadExtras(editor: EditorPane) {
  const { EDITOR_EXTRAS } = await import('./editor-extras.ts')
  editor.extendHistory('extras', () => EDITOR_EXTRAS)
}
