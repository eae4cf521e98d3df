import { applyTheme, readTheme, THEMES, watchSettings } from '../settings.ts'

/** The theme's list shows what is chosen, and chooses. */
export function startTheme(select: HTMLSelectElement): void {
  const show = () => (select.value = readTheme())
  show()
  watchSettings(show)
  select.addEventListener('change', () => applyTheme(THEMES.find((theme) => theme === select.value) ?? 'system'))
}
