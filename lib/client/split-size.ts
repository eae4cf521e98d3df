/** Share of the editor, in percent. */
export const SPLIT_MIN = 15
export const SPLIT_MAX = 85
export const SPLIT_STEP = 5

/** Panes stand side by side, or one above the other on a narrow screen; each has its own share. */
export const LAYOUTS = { across: 50, down: 42 } as const
export type Layout = keyof typeof LAYOUTS

/** Where the style sheet stacks the panes. */
export const STACKED = '(max-width: 46rem)'

export const clampSplit = (share: number): number => Math.round(Math.min(SPLIT_MAX, Math.max(SPLIT_MIN, share)) * 10) / 10

const key = (layout: Layout) => `dragoman.split.${layout}`
const property = (layout: Layout) => `--split-${layout}`

/** Runs before the first paint, so that the panes do not jump. */
export const SPLIT_SCRIPT = `try{for(let l of ${JSON.stringify(Object.keys(LAYOUTS))}){let s=+localStorage.getItem('dragoman.split.'+l);if(s>=${SPLIT_MIN}&&s<=${SPLIT_MAX})document.documentElement.style.setProperty('--split-'+l,s)}}catch{}`

/** What the page shows, which is what was kept if the browser lets us keep anything. */
export function readSplit(layout: Layout): number {
  const shown = Number.parseFloat(document.documentElement.style.getPropertyValue(property(layout)))
  return Number.isNaN(shown) ? LAYOUTS[layout] : clampSplit(shown)
}

/** Shows a share and keeps it; without one the layout's own is back. */
export function setSplit(layout: Layout, share?: number): void {
  const { style } = document.documentElement
  if (share === undefined) style.removeProperty(property(layout))
  else style.setProperty(property(layout), String(clampSplit(share)))
  try {
    if (share === undefined) localStorage.removeItem(key(layout))
    else localStorage.setItem(key(layout), String(clampSplit(share)))
  } catch {
    // it holds for this page then
  }
  for (const changed of watchers) changed()
}

const watchers = new Set<() => void>()

export function watchSplit(changed: () => void): () => void {
  const stacked = matchMedia(STACKED)
  stacked.addEventListener('change', changed)
  watchers.add(changed)
  return () => {
    stacked.removeEventListener('change', changed)
    watchers.delete(changed)
  }
}

export const layoutNow = (): Layout => (matchMedia(STACKED).matches ? 'down' : 'across')

/** The share a key asks for; undefined for a key that is none of the handle's. */
export function splitAfterKey(key: string, layout: Layout, now: number): number | undefined {
  const [less, more] = layout === 'across' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown']
  switch (key) {
    case less:
      return clampSplit(now - SPLIT_STEP)
    case more:
      return clampSplit(now + SPLIT_STEP)
    case 'Home':
      return SPLIT_MIN
    case 'End':
      return SPLIT_MAX
    default:
      return undefined
  }
}
