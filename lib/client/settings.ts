/** What a visitor may set; kept in the browser. */
export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export const KEYMAPS = ['standard', 'vim', 'emacs'] as const
export type Keymap = (typeof KEYMAPS)[number]

/** `text`: as the text itself is indented. */
export const TAB_WIDTHS = ['text', '2', '4', '8'] as const
export type TabWidth = (typeof TAB_WIDTHS)[number]

/** In pixels, of editor and terminal; without one it is the style sheet's. */
export const FONT_SIZES = [11, 12, 13, 14, 15, 16, 18, 20, 24, 28] as const

const THEME_KEY = 'dragoman.theme'
const READER_KEY = 'dragoman.screen-reader'
const FONT_KEY = 'dragoman.font-size'
const TAB_KEY = 'dragoman.tab-width'
const KEYMAP_KEY = 'dragoman.keymap'
const COMPLETION_KEY = 'dragoman.completion.'

/**
 * Runs before the first paint, so that a dark page never flashes white. Text rather than a function, since it stands in
 * the page by itself; `system` is the absence of the attribute, which the style sheet takes from the machine.
 */
export const THEME_SCRIPT = `try{var t=localStorage.getItem('${THEME_KEY}'),f=+localStorage.getItem('${FONT_KEY}'),d=document.documentElement;if(t==='light'||t==='dark')d.dataset.theme=t;if(f>=${FONT_SIZES[0]}&&f<=${FONT_SIZES.at(-1)})['--code-size','--terminal-size'].forEach(function(n){d.style.setProperty(n,f+'px')})}catch{}`

/** What the page shows, which is what was kept if the browser lets us keep anything. */
export function readTheme(): Theme {
  const shown = document.documentElement.dataset.theme
  return THEMES.find((theme) => theme === shown) ?? 'system'
}

export function applyTheme(theme: Theme): void {
  write(THEME_KEY, theme)
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  tell()
}

/** Undefined: the style sheet's. */
export function readFontSize(): number | undefined {
  const shown = Number.parseInt(document.documentElement.style.getPropertyValue('--code-size'), 10)
  return FONT_SIZES.find((size) => size === shown)
}

export function applyFontSize(size: number | undefined): void {
  write(FONT_KEY, size === undefined ? undefined : `${size}`)
  for (const name of ['--code-size', '--terminal-size']) {
    if (size === undefined) document.documentElement.style.removeProperty(name)
    else document.documentElement.style.setProperty(name, `${size}px`)
  }
  tell()
}

export const readKeymap = (): Keymap => KEYMAPS.find((name) => name === read(KEYMAP_KEY)) ?? 'standard'
export const keepKeymap = (keymap: Keymap): void => keep(KEYMAP_KEY, keymap)

export const readTabWidth = (): TabWidth => TAB_WIDTHS.find((width) => width === read(TAB_KEY)) ?? 'text'
export const keepTabWidth = (width: TabWidth): void => keep(TAB_KEY, width)

/** Whether the terminal's text is also laid out for screen readers; on unless switched off. */
export const readScreenReader = (): boolean => read(READER_KEY) !== 'off'
export const keepScreenReader = (isOn: boolean): void => keep(READER_KEY, isOn ? 'on' : 'off')

/** Whether the visitor wants a language's server; undefined where they never said. */
export function readCompletion(lang: string): boolean | undefined {
  const kept = read(COMPLETION_KEY + lang)
  return kept === null ? undefined : kept === 'on'
}
export const keepCompletion = (lang: string, isOn: boolean): void => keep(COMPLETION_KEY + lang, isOn ? 'on' : 'off')

const watchers = new Set<() => void>()
const tell = () => watchers.forEach((changed) => changed())

/** Calls back when a setting changes on this page or in another tab. */
export function watchSettings(changed: () => void): () => void {
  watchers.add(changed)
  addEventListener('storage', changed)
  return () => {
    watchers.delete(changed)
    removeEventListener('storage', changed)
  }
}

/** What the browser did not let us keep: it holds for this page then. */
const unkept = new Map<string, string>()

function keep(key: string, value: string): void {
  write(key, value)
  tell()
}

function read(key: string): string | null {
  try {
    return unkept.get(key) ?? localStorage.getItem(key)
  } catch {
    return null // storage is forbidden: the defaults hold
  }
}

function write(key: string, value: string | undefined): void {
  try {
    unkept.delete(key)
    if (value === undefined) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
  } catch {
    if (value !== undefined) unkept.set(key, value)
  }
}
