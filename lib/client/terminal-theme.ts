import type { ITheme } from '@xterm/xterm'

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const

/** Text of the style sheet's own making, such as a font. */
export const styleOf = (element: HTMLElement, name: string) => getComputedStyle(element).getPropertyValue(name).trim()

/** The sixteen colours and the rest, as the style sheet names them, so that light and dark are told in one place. */
export function themeOf(element: HTMLElement): ITheme {
  const { colour, done } = colours(element)
  const theme: ITheme = {
    background: colour('--terminal-paper'),
    foreground: colour('--terminal-ink'),
    cursor: colour('--accent'),
    cursorAccent: colour('--terminal-paper'),
    selectionBackground: colour('--selection'),
    // A hint beside the text rather than a bar: it stands over the last column.
    scrollbarSliderBackground: 'rgba(128, 128, 128, 0.25)',
    scrollbarSliderHoverBackground: 'rgba(128, 128, 128, 0.5)',
    scrollbarSliderActiveBackground: 'rgba(128, 128, 128, 0.7)',
  }
  for (const name of COLOURS) {
    theme[name] = colour(`--ansi-${name}`)
    theme[`bright${name[0]?.toUpperCase()}${name.slice(1)}` as 'brightBlack'] = colour(`--ansi-bright-${name}`)
  }
  done()
  return theme
}

/** The two colours of what was found, in the form the search takes: `#rrggbb`. */
export function foundColours(element: HTMLElement): { readonly found: string; readonly current: string } {
  const { colour, done } = colours(element)
  const hex = (name: string) =>
    `#${(colour(name).match(/\d+/g) ?? [])
      .slice(0, 3)
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('')}`
  const pair = { found: hex('--selection'), current: hex('--found') }
  done()
  return pair
}

/** The names stand for pairs of colours; only an element that wears one knows which of the two it is now. */
function colours(element: HTMLElement) {
  const wearer = element.appendChild(document.createElement('span'))
  const colour = (name: string) => {
    wearer.style.color = `var(${name})`
    return getComputedStyle(wearer).color
  }
  return { colour, done: () => wearer.remove() }
}
