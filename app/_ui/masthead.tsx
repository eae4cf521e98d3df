import { ThemeSwitch } from '#lib/client/theme-switch.tsx'

import { Mark } from './mark.tsx'

/** The name, which leads home. */
export function Masthead() {
  return (
    <header className="band">
      <a className="wordmark" href="/">
        <Mark />
        Dragoman
      </a>
      <div className="band-end">
        <ThemeSwitch />
      </div>
    </header>
  )
}
