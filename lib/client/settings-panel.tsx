'use client'

import { type ReactNode, useId, useSyncExternalStore } from 'react'

import { Dialog } from './dialog.tsx'
import type { DialogProps } from './dialogs.tsx'
import {
  applyFontSize,
  applyTheme,
  FONT_SIZES,
  keepKeymap,
  keepScreenReader,
  keepTabWidth,
  type Keymap,
  KEYMAPS,
  readFontSize,
  readKeymap,
  readScreenReader,
  readTabWidth,
  readTheme,
  TAB_WIDTHS,
  type TabWidth,
  type Theme,
  THEMES,
  watchSettings,
} from './settings.ts'

const THEME_NAMES: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' }
const KEYMAP_NAMES: Readonly<Record<Keymap, string>> = { standard: 'Standard', vim: 'Vim', emacs: 'Emacs' }
const TAB_NAMES: Readonly<Record<TabWidth, string>> = {
  text: 'As the text has it',
  2: '2 columns',
  4: '4 columns',
  8: '8 columns',
}

/** All that can be set; each takes effect at once and is kept in the browser. */
export function SettingsPanel({ play, close }: DialogProps) {
  const theme = useSetting(readTheme)
  const fontSize = useSetting(readFontSize)
  const tabWidth = useSetting(readTabWidth)
  const keymap = useSetting(readKeymap)
  const isReaderOn = useSetting(readScreenReader)
  return (
    <Dialog title="Settings" close={close}>
      <div className="settings">
        <Choice label="Theme" value={theme} names={THEME_NAMES} choices={THEMES} choose={applyTheme} />
        <Field label="Font size">
          {(id) => (
            <select
              id={id}
              value={fontSize ?? ''}
              onChange={({ target }) => applyFontSize(FONT_SIZES.find((size) => `${size}` === target.value))}
            >
              <option value="">Standard</option>
              {FONT_SIZES.map((size) => (
                <option key={size} value={size}>
                  {size} px
                </option>
              ))}
            </select>
          )}
        </Field>
        <Choice label="Tab width" value={tabWidth} names={TAB_NAMES} choices={TAB_WIDTHS} choose={keepTabWidth} />
        <Choice label="Keymap" value={keymap} names={KEYMAP_NAMES} choices={KEYMAPS} choose={keepKeymap} />
        <Field label="Screen-reader text of the terminal">
          {(id) => (
            <input
              id={id}
              type="checkbox"
              checked={isReaderOn}
              onChange={({ target }) => {
                keepScreenReader(target.checked)
                play.setScreenReader(target.checked)
              }}
            />
          )}
        </Field>
        <p className="settings-reset">
          <button
            type="button"
            className="button"
            onClick={() => {
              play.resetText()
              close()
            }}
          >
            {play.program.isLinked ? 'Reset to the link' : 'Reset to template'}
          </button>
          <span className="field-note">Can be undone.</span>
        </p>
      </div>
    </Dialog>
  )
}

const useSetting = <T,>(read: () => T): T => useSyncExternalStore(watchSettings, read, read)

function Field({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <p className="setting">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </p>
  )
}

type ChoiceProps<T extends string> = {
  label: string
  value: T
  names: Readonly<Record<T, string>>
  choices: readonly T[]
  choose: (value: T) => void
}

function Choice<T extends string>({ label, value, names, choices, choose }: ChoiceProps<T>) {
  return (
    <Field label={label}>
      {(id) => (
        <select
          id={id}
          value={value}
          onChange={({ target }) => {
            const chosen = choices.find((choice) => choice === target.value)
            if (chosen !== undefined) choose(chosen)
          }}
        >
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {names[choice]}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
