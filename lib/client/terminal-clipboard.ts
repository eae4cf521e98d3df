type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey' | 'metaKey' | 'altKey'>

/**
 * Copy and paste are what the platform's own terminals take for them: Cmd-C and Cmd-V on a Mac, Ctrl-Shift-C and
 * Ctrl-Shift-V elsewhere, since Ctrl-C is the interrupt. The browser does Cmd-C, Cmd-V and the menu by itself.
 */
export const isCopyKey = (event: Key): boolean => isPlain(event) && event.ctrlKey && event.shiftKey && is(event, 'c')

/** Not to be kept from the browser: only its own paste may read the clipboard unasked. */
export const isPasteKey = (event: Key): boolean => isPlain(event) && event.ctrlKey && event.shiftKey && is(event, 'v')

/** Readline's Ctrl-F is the right arrow, so the find box may have it, as everywhere else in a browser. */
export const isFindKey = (event: Key): boolean =>
  !event.altKey && is(event, 'f') && (event.metaKey ? !event.ctrlKey : event.ctrlKey)

export function copySelection(text: string): void {
  // Only pages that are served securely have it; the older way takes what the terminal itself offers to copy.
  if (navigator.clipboard) void navigator.clipboard.writeText(text).catch(() => document.execCommand('copy'))
  else document.execCommand('copy')
}

const isPlain = ({ altKey, metaKey }: Key) => !altKey && !metaKey
const is = ({ key }: Key, letter: string) => key.toLowerCase() === letter
