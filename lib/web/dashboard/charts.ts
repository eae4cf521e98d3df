import { html, type Html, trusted } from '../plain/html.ts'

/** A bar, or a gap where there is no value. */
export type Bar = {
  readonly label: string
  readonly value: number | undefined
  readonly tone?: 'good' | 'bad'
  readonly shown: string
}

const WIDTH = 480
const HEIGHT = 110
/** Room for the words of the scale. */
const LEFT = 76
const TOP = 8
const BOTTOM = 20
/** Fewer bars are no wider than so many. */
const SLOTS_MIN = 12

type Chart = {
  readonly id: string
  readonly title: string
  readonly bars: readonly Bar[]
  /** Of the scale's top; by default that of the largest value. */
  readonly max?: number
  readonly scale: (value: number) => string
  /** What the label and the value are, for the table. */
  readonly columns: readonly [string, string]
}

/** Bars drawn here, from left to right as they are given, with the same in a table for who cannot see them. */
export function chart({ id, title, bars, max, scale, columns }: Chart): Html {
  const known = bars.flatMap(({ value }) => value ?? [])
  if (known.length === 0) return html``
  const top = max ?? Math.max(...known)
  const inner = { width: WIDTH - LEFT, height: HEIGHT - TOP - BOTTOM }
  const step = inner.width / Math.max(bars.length, SLOTS_MIN)
  const drawn = bars.map(({ value, tone, label, shown }, at) => {
    if (value === undefined) return ''
    const height = Math.max(1.5, top === 0 ? 0 : (value / top) * inner.height)
    const x = (LEFT + at * step + step * 0.12).toFixed(1)
    return html`<rect
      class="bar ${tone ?? ''}"
      x="${x}"
      y="${(TOP + inner.height - height).toFixed(1)}"
      width="${(step * 0.76).toFixed(1)}"
      height="${height.toFixed(1)}"
      ><title>${label}: ${shown}</title></rect
    >`
  })
  const line = (y: number) => trusted(`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y}" y2="${y}"/>`)
  return html`<figure class="chart" id="${id}">
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}; the same as a table below">
      ${line(TOP)}${line(TOP + inner.height)}
      <text x="${LEFT - 6}" y="${TOP + 4}" text-anchor="end">${scale(top)}</text>
      <text x="${LEFT - 6}" y="${TOP + inner.height + 4}" text-anchor="end">${scale(0)}</text>
      <text x="${LEFT}" y="${HEIGHT - 4}">${bars[0]?.label}</text>
      ${bars.length >= SLOTS_MIN && html`<text x="${WIDTH}" y="${HEIGHT - 4}" text-anchor="end">${bars.at(-1)?.label}</text>`}
      ${drawn}
    </svg>
    <details>
      <summary>As a table</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">${columns[0]}</th>
            <th scope="col">${columns[1]}</th>
          </tr>
        </thead>
        <tbody>
          ${bars.map(
            ({ label, shown }) =>
              html`<tr>
                <th scope="row">${label}</th>
                <td>${shown}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </figure>`
}
