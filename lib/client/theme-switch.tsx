'use client'

import { useSyncExternalStore } from 'react'

import { applyTheme, readTheme, type Theme, THEMES, watchSettings } from './settings.ts'

const NAMES: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' }

export function ThemeSwitch() {
  const theme = useSyncExternalStore(watchSettings, readTheme, () => 'system' as const)

  return (
    <label className="theme-switch">
      <span>Theme</span>
      <select value={theme} onChange={({ target }) => applyTheme(THEMES.find((name) => name === target.value) ?? 'system')}>
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {NAMES[name]}
          </option>
        ))}
      </select>
    </label>
  )
}
