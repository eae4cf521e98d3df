import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'

import type { Screen } from './session-screen.ts'
import { copySelection, isCopyKey, isFindKey, isPasteKey } from './terminal-clipboard.ts'
import type { FindWords, Found, TerminalFind } from './terminal-find.ts'
import { keySequence, type TerminalKey, withControl } from './terminal-keys.ts'
import { openAddress, webAddress } from './terminal-links.ts'
import { styleOf, themeOf } from './terminal-theme.ts'
import { FRESH_SCREEN, notice } from './terminal-words.ts'

/** Enough for a long run's output, at a few megabytes. The page says it. */
export const SCROLLBACK_LINES = 10_000

/** A pane lower than two lines is not looked at. */
const ASIDE_PX_MAX = 40

export type TerminalPane = Screen & {
  focus(): void
  /** Takes the colours and font from the style sheet again. */
  restyle(): void
  setScreenReader(isOn: boolean): void
  onType(typed: (data: Uint8Array, asText: string) => void): void
  onResize(resized: (cols: number, rows: number) => void): void
  /** Types as a keyboard would. */
  press(key: TerminalKey): void
  type(text: string): void
  /** As pasted text: a program that asked for it sees where it begins and ends. */
  paste(text: string): void
  /** While held, the next character goes out as with Ctrl, and `released` is told. */
  holdControl(released: (() => void) | undefined): void
  /** Drops all but the line of the cursor. */
  clear(): void
  find(what: FindWords): Promise<Found>
  endFind(): void
  close(): void
}

export type TerminalOptions = {
  isScreenReaderOn: boolean
  onShortcut: (event: KeyboardEvent) => boolean
  /** Find was asked for by its keys. */
  onFind?: () => void
  /** A link whose words are not its address: whether to go there is asked. */
  onHiddenLink?: (address: string) => void
}

/** A terminal that fills `pane` and follows its size. `onShortcut` sees each key first and says if it was for the page. */
export function openTerminal(pane: HTMLElement, options: TerminalOptions): TerminalPane {
  const terminal = new Terminal({
    scrollback: SCROLLBACK_LINES,
    scrollOnEraseInDisplay: true, // a program that clears its screen does not take away what was there before
    screenReaderMode: options.isScreenReaderOn,
    cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    ...fontOf(pane),
    lineHeight: 1.2,
    theme: themeOf(pane),
    minimumContrastRatio: 4.5,
    macOptionIsMeta: false,
    allowProposedApi: true, // what the search marks its matches with
    linkHandler: {
      activate(_event, text) {
        const address = webAddress(text)
        if (address !== undefined) options.onHiddenLink?.(address)
      },
    },
  })
  const fit = new FitAddon()
  terminal.loadAddon(fit)
  terminal.open(pane)
  terminal.textarea?.setAttribute('aria-label', 'Terminal input')
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== 'keydown') return true
    if (isPasteKey(event)) return false // the browser pastes
    if (isCopyKey(event) && terminal.hasSelection()) copySelection(terminal.getSelection())
    else if (isFindKey(event) && options.onFind) options.onFind()
    else return !options.onShortcut(event)
    event.preventDefault()
    return false
  })
  fit.fit()

  // A pane that is put aside for the other one has no height; its program shall not think that its screen has shrunk.
  const observer = new ResizeObserver(() => pane.clientHeight > ASIDE_PX_MAX && fit.fit())
  observer.observe(pane)
  const encoder = new TextEncoder()
  let control: (() => void) | undefined
  let finder: TerminalFind | undefined

  const addLinks = async () => {
    const { WebLinksAddon } = await import('@xterm/addon-web-links')
    const open = (_event: MouseEvent, text: string) => {
      const address = webAddress(text)
      if (address !== undefined) openAddress(address)
    }
    if (pane.isConnected) terminal.loadAddon(new WebLinksAddon(open))
  }
  pane.addEventListener('pointerenter', () => void addLinks(), { once: true })

  return {
    get size() {
      return { cols: terminal.cols, rows: terminal.rows }
    },
    write: (bytes, drawn) => terminal.write(bytes, drawn),
    notice: (words) => terminal.write(notice(words)),
    fresh: () => terminal.write(FRESH_SCREEN),
    reset: () => terminal.write('\x1bc'),
    focus: () => terminal.focus(),
    restyle() {
      terminal.options.theme = themeOf(pane)
      Object.assign(terminal.options, fontOf(pane))
      fit.fit()
    },
    setScreenReader(isOn) {
      terminal.options.screenReaderMode = isOn
    },
    onType(typed) {
      terminal.onData((text) => {
        const sent = control && text.length === 1 ? withControl(text) : text
        if (sent !== text) control?.()
        typed(encoder.encode(sent), sent)
      })
      // Mouse reports of the oldest kind are bytes, one per character.
      terminal.onBinary((text) =>
        typed(
          Uint8Array.from(text, (char) => char.charCodeAt(0)),
          text,
        ),
      )
    },
    onResize: (resized) => void terminal.onResize(({ cols, rows }) => resized(cols, rows)),
    press(key) {
      const isHeld = control !== undefined
      control?.()
      terminal.input(keySequence(key, { control: isHeld, application: terminal.modes.applicationCursorKeysMode }))
    },
    type: (text) => terminal.input(text),
    paste: (text) => terminal.paste(text),
    holdControl: (released) => void (control = released),
    clear: () => terminal.clear(),
    async find(what) {
      const { terminalFind } = await import('./terminal-find.ts')
      finder ??= terminalFind(terminal, pane)
      return finder.find(what)
    },
    endFind: () => finder?.end(),
    close() {
      observer.disconnect()
      terminal.dispose()
    },
  }
}

const fontOf = (pane: HTMLElement) => ({
  fontFamily: styleOf(pane, '--mono'),
  fontSize: Number.parseFloat(styleOf(pane, '--terminal-size')) || 14,
})
