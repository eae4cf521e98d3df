export type DiffLine =
  | { readonly kind: 'same' | 'gone' | 'new'; readonly text: string }
  /** So many lines that are the same were left out here. */
  | { readonly kind: 'skipped'; readonly count: number }

/** Same lines around each change that are shown. */
const CONTEXT = 3
/** Beyond so many changed lines the shortest way is not looked for: all of the one goes, all of the other comes. */
const CHANGES_MAX = 1000

/** What turns one text into the other, line by line, by the shortest way (Myers 1986); empty for the same text. */
export function diffLines(was: string, is: string): readonly DiffLine[] {
  if (was === is) return []
  const a = was.split('\n')
  const b = is.split('\n')
  return withContext(shortest(a, b) ?? [...a.map(line('gone')), ...b.map(line('new'))])
}

type Kept = Exclude<DiffLine, { kind: 'skipped' }>
const line = (kind: Kept['kind']) => (text: string) => ({ kind, text }) as const

/** The furthest one gets on each diagonal with one more change each time; undefined when there are too many. */
function shortest(a: readonly string[], b: readonly string[]): Kept[] | undefined {
  const middle = CHANGES_MAX + 1
  const furthest = new Int32Array(2 * middle + 1)
  const trail: Int32Array[] = []
  for (let changes = 0; changes <= CHANGES_MAX; changes++) {
    trail.push(furthest.slice(middle - changes - 1, middle + changes + 2))
    for (let k = -changes; k <= changes; k += 2) {
      const left = furthest[middle + k - 1] ?? 0
      const up = furthest[middle + k + 1] ?? 0
      let x = k === -changes || (k !== changes && left < up) ? up : left + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      furthest[middle + k] = x
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trail)
    }
  }
  return undefined
}

function walkBack(a: readonly string[], b: readonly string[], trail: readonly Int32Array[]): Kept[] {
  const found: Kept[] = []
  let x = a.length
  let y = b.length
  for (let changes = trail.length - 1; changes >= 0; changes--) {
    const reached = (k: number) => trail[changes]?.[k + changes + 1] ?? 0
    const k = x - y
    const before = k === -changes || (k !== changes && reached(k - 1) < reached(k + 1)) ? k + 1 : k - 1
    const fromX = changes === 0 ? 0 : reached(before)
    const fromY = changes === 0 ? 0 : fromX - before
    while (x > fromX && y > fromY) {
      found.push({ kind: 'same', text: a[--x] ?? '' })
      y--
    }
    if (changes === 0) break
    if (x > fromX) found.push({ kind: 'gone', text: a[--x] ?? '' })
    else found.push({ kind: 'new', text: b[--y] ?? '' })
  }
  return found.toReversed()
}

function withContext(lines: readonly Kept[]): DiffLine[] {
  const near = new Set<number>()
  lines.forEach(({ kind }, at) => {
    if (kind !== 'same') for (let i = at - CONTEXT; i <= at + CONTEXT; i++) near.add(i)
  })
  const shown: DiffLine[] = []
  let skipped = 0
  const tellSkipped = () => {
    if (skipped > 0) shown.push({ kind: 'skipped', count: skipped })
    skipped = 0
  }
  lines.forEach((each, at) => {
    if (!near.has(at)) return void skipped++
    tellSkipped()
    shown.push(each)
  })
  tellSkipped()
  return shown
}
