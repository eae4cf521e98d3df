/** What keys do, once for those who press them and once for the list that shows them. `Mod` is Ctrl, on Apple's machines Cmd. */
const OURS = [
  { id: 'run', keys: 'Mod+Enter', words: 'Run the program', place: 'Everywhere', inTerminal: true },
  { id: 'stop', keys: 'Mod+.', words: 'Stop what runs', place: 'Everywhere', inTerminal: true },
  { id: 'terminal', keys: 'F6', words: 'Go to the terminal', place: 'Everywhere', inTerminal: true },
  { id: 'editor', keys: 'Shift+F6', words: 'Go to the editor', place: 'Everywhere', inTerminal: true },
  { id: 'keys', keys: 'F1', words: 'Show this list', place: 'Everywhere', inTerminal: false },
  { id: 'format', keys: 'Shift+Alt+F', words: 'Format the text', place: 'Editor', inTerminal: false },
] as const

export type ShortcutId = (typeof OURS)[number]['id']
export type Shortcut = {
  readonly keys: string
  readonly words: string
  readonly place: 'Everywhere' | 'Editor' | 'Files' | 'Terminal'
}

/** What editor, tabs and terminal do by themselves. */
const THEIRS: readonly Shortcut[] = [
  { keys: 'Ctrl+Space', words: 'Complete what is being written', place: 'Editor' },
  { keys: 'Mod+Shift+Space', words: 'Show what a call takes', place: 'Editor' },
  { keys: 'F12', words: 'Go to the definition', place: 'Editor' },
  { keys: 'F8', words: 'Go to the next complaint', place: 'Editor' },
  { keys: 'Mod+Shift+M', words: 'List all complaints', place: 'Editor' },
  { keys: 'Mod+F', words: 'Find and replace', place: 'Editor' },
  { keys: 'Mod+Z', words: 'Undo', place: 'Editor' },
  { keys: 'Mod+/', words: 'Turn lines into a comment, or back', place: 'Editor' },
  { keys: 'Alt+ArrowUp', words: 'Move the line up', place: 'Editor' },
  { keys: 'Alt+ArrowDown', words: 'Move the line down', place: 'Editor' },
  { keys: 'Escape', words: 'Let the next Tab key leave the editor', place: 'Editor' },
  { keys: 'ArrowLeft', words: 'Show the file before', place: 'Files' },
  { keys: 'ArrowRight', words: 'Show the next file', place: 'Files' },
  { keys: 'F2', words: 'Rename the file', place: 'Files' },
  { keys: 'Delete', words: 'Close the file', place: 'Files' },
  { keys: 'Ctrl+D', words: 'End of input', place: 'Terminal' },
  { keys: 'Ctrl+C', words: 'Interrupt the program', place: 'Terminal' },
]

export const SHORTCUTS: readonly Shortcut[] = [...OURS, ...THEIRS]

type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

/** Which of ours was pressed. What a program in the terminal may want stays its own. */
export function shortcutOf(event: Pressed, inTerminal: boolean): ShortcutId | undefined {
  return OURS.find((one) => (one.inTerminal || !inTerminal) && isPressed(one.keys, event))?.id
}

function isPressed(keys: string, { key, code, ctrlKey, metaKey, altKey, shiftKey }: Pressed): boolean {
  const parts = keys.split('+')
  const last = parts.at(-1) ?? ''
  // With Alt, Apple's keyboards make another letter of it.
  const isKey = key === last || (last.length === 1 && (key.toUpperCase() === last || code === `Key${last}`))
  return (
    isKey &&
    (ctrlKey || metaKey) === parts.includes('Mod') &&
    altKey === parts.includes('Alt') &&
    shiftKey === parts.includes('Shift')
  )
}

/** Keys as this machine's keyboard calls them. */
export function keyNames(keys: string, isApple: boolean): readonly string[] {
  const names: Readonly<Record<string, string>> = {
    Mod: isApple ? '⌘' : 'Ctrl',
    Alt: isApple ? '⌥' : 'Alt',
    Escape: 'Esc',
    Delete: 'Del',
    ArrowLeft: '←',
    ArrowRight: '→',
    ArrowUp: '↑',
    ArrowDown: '↓',
  }
  return keys.split('+').map((name) => names[name] ?? name)
}
