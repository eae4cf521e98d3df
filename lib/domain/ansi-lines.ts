import { visible } from './visible-text.ts'

/** A piece of a line in one look: names of classes, as `fg-red bold`; empty for plain text. */
export type Span = { readonly text: string; readonly look: string }
export type AnsiLine = readonly Span[]

/** Of a longer line the rest is told by its length: one line cannot fill a page. */
export const LINE_CHARS_MAX = 4000

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const
const ESC = '\u001b'
/** Sequences of a terminal: a colour or movement, a title or link, anything shorter. A carriage return begins the line anew. */
const SEQUENCE = new RegExp(
  `${ESC}\\[([0-?]*)[ -/]*([@-~])|${ESC}[\\]PX^_][^\\u0007${ESC}]*(?:\\u0007|${ESC}\\\\)|${ESC}[ -/]*[0-~]|\\r`,
  'g',
)

type Look = { fg: string; bg: string; bold: boolean; dim: boolean; italic: boolean; underline: boolean }
const PLAIN: Readonly<Look> = { fg: '', bg: '', bold: false, dim: false, italic: false, underline: false }

/**
 * Makes lines of what a terminal was sent, piece by piece. Colours and weights become looks; a line that was written over
 * counts as it stood last; every other sequence is dropped, and what is left of control characters is spelled out.
 */
export class AnsiLines {
  #look: Look = { ...PLAIN }
  #rest = ''

  /** The lines that are whole now. */
  push(text: string): AnsiLine[] {
    const parts = (this.#rest + text).split('\n')
    // A line without an end is not kept whole for ever; of what is cut the line says how much.
    this.#rest = (parts.pop() ?? '').slice(0, LINE_CHARS_MAX * 4)
    return parts.map((part) => this.#line(part))
  }

  /** What stands there without a line end, if anything; begins anew afterwards. */
  end(): AnsiLine[] {
    const rest = this.#rest
    this.#rest = ''
    return rest === '' ? [] : [this.#line(rest)]
  }

  #line(raw: string): AnsiLine {
    const text = raw.replace(/\r+$/, '')
    let spans: Span[] = []
    let at = 0
    for (const found of text.matchAll(SEQUENCE)) {
      this.#add(spans, text.slice(at, found.index))
      at = found.index + found[0].length
      if (found[0] === '\r') spans = []
      else if (found[2] === 'm') this.#turn(found[1] ?? '')
    }
    this.#add(spans, text.slice(at))
    return short(spans)
  }

  #add(spans: Span[], text: string): void {
    if (text !== '') spans.push({ text: visible(text), look: lookNames(this.#look) })
  }

  #turn(parameters: string): void {
    const codes = parameters.split(/[;:]/).map(Number)
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] ?? 0
      if (code === 38 || code === 48) {
        const [mode = 0, index = 0] = codes.slice(i + 1)
        this.#look[code === 38 ? 'fg' : 'bg'] = mode === 5 ? colour(index) : ''
        i += mode === 5 ? 2 : 4
      } else this.#look = turned(this.#look, code)
    }
  }
}

function turned(look: Look, code: number): Look {
  if (code === 0) return { ...PLAIN }
  if (code === 1) return { ...look, bold: true }
  if (code === 2) return { ...look, dim: true }
  if (code === 3 || code === 23) return { ...look, italic: code === 3 }
  if (code === 4 || code === 24) return { ...look, underline: code === 4 }
  if (code === 22) return { ...look, bold: false, dim: false }
  if (30 <= code && code <= 39) return { ...look, fg: colour(code - 30) }
  if (40 <= code && code <= 49) return { ...look, bg: colour(code - 40) }
  if (90 <= code && code <= 97) return { ...look, fg: colour(code - 82) }
  if (100 <= code && code <= 107) return { ...look, bg: colour(code - 92) }
  return look
}

/** One of the sixteen; of the others the reader's own theme knows nothing, so they are as plain text. */
const colour = (index: number): string => (index < 8 ? (COLOURS[index] ?? '') : index < 16 ? `bright-${COLOURS[index - 8]}` : '')

const lookNames = ({ fg, bg, bold, dim, italic, underline }: Look): string =>
  [fg && `fg-${fg}`, bg && `bg-${bg}`, bold && 'bold', dim && 'dim', italic && 'italic', underline && 'underline']
    .filter(Boolean)
    .join(' ')

function short(spans: readonly Span[]): AnsiLine {
  const all = spans.reduce((sum, { text }) => sum + text.length, 0)
  if (all <= LINE_CHARS_MAX) return spans
  const kept: Span[] = []
  let room = LINE_CHARS_MAX
  for (const span of spans) {
    if (room <= 0) break
    kept.push({ ...span, text: span.text.slice(0, room) })
    room -= span.text.length
  }
  return [...kept, { text: ` … ${all - LINE_CHARS_MAX} more characters`, look: 'dim' }]
}

/** Words by which compilers, package managers and shells begin to complain. A hint: any program can print the same. */
const COMPLAINT =
  /(?:^|[\s:[\]()*-])(?:fatal|error|failed|failure|panic|traceback|segmentation fault|command not found|no such file)(?![\w-])|^E:|(?:^|\s)cannot\s/i
const HARMLESS = /\b(?:0|no) (?:errors?|failed|failures?)\b|\berrors?: 0\b|-W(?:no-)?error|\|\| ?true/i

/** Whether the line looks like the complaint one is looking for. */
export function looksLikeError(line: AnsiLine): boolean {
  const text = line.map((span) => span.text).join('')
  return COMPLAINT.test(text) && !HARMLESS.test(text)
}
