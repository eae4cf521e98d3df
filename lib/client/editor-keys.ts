import type { TerminalKey } from './terminal-keys.ts'

/** Presses a key in the editor as a keyboard would, so that its own bindings decide what it does. */
export function pressInEditor(content: HTMLElement, key: TerminalKey, ctrlKey: boolean): void {
  content.dispatchEvent(new KeyboardEvent('keydown', { key, code: key, ctrlKey, bubbles: true, cancelable: true }))
}

/** Types where the cursor is; only this way the browser's own undo and the editor's listeners see it as typing. */
export function typeInEditor(text: string): void {
  document.execCommand('insertText', false, text)
}
