import type { StreamParser, StringStream } from '@codemirror/language'

/** A language of words, numbers, strings and comments, as far as colouring it goes. */
export type WordGrammar = {
  /** Tried before all else at each place; each begins with `^`. */
  readonly patterns?: readonly (readonly [RegExp, string])[]
  /** What begins a comment that ends with the line. */
  readonly comments?: readonly string[]
  /** What opens and what closes a comment of several lines. */
  readonly block?: readonly [string, string]
  /** Quotes that end on their line; a backslash keeps the next one from it. */
  readonly strings?: string
  /** Quotes that may span lines. */
  readonly longStrings?: readonly string[]
  /** Words of each style, parted by spaces. */
  readonly words?: Readonly<Record<string, string>>
  readonly ignoreCase?: boolean
  /** What a word is, where it may hold more than letters, digits and underscores. */
  readonly word?: RegExp
}

/** `open` is what closes the text that began on an earlier line. */
type State = { open: { readonly close: string; readonly style: string } | undefined }

const NUMBER = /^(?:0[xX][\da-fA-F_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)/
const WORD = /^[\p{L}_][\p{L}\d_]*/u
const OPERATOR = /^[-+*/%=<>!&|^~?:@]+/

/** Colours line by line; a small grammar of ours for what no package has. */
export function wordGrammar(grammar: WordGrammar): StreamParser<State> {
  const fold = (word: string) => (grammar.ignoreCase ? word.toLowerCase() : word)
  const styles = new Map<string, string>()
  for (const [style, words] of Object.entries(grammar.words ?? {})) {
    for (const word of words.split(/\s+/)) styles.set(fold(word), style)
  }
  const { patterns = [], comments = [], block, strings = '', longStrings = [], word = WORD } = grammar
  return {
    startState: () => ({ open: undefined }),
    token(stream, state) {
      if (state.open) return until(stream, state, state.open)
      if (stream.eatSpace()) return null
      for (const [pattern, style] of patterns) if (stream.match(pattern)) return style
      if (block && stream.match(block[0])) return until(stream, state, { close: block[1], style: 'comment' })
      if (comments.some((begin) => stream.match(begin))) return toEnd(stream, 'comment')
      const long = longStrings.find((quote) => stream.match(quote))
      if (long !== undefined) return until(stream, state, { close: long, style: 'string' })
      const next = stream.peek() ?? ''
      if (next !== '' && strings.includes(next)) return quoted(stream, next)
      if (stream.match(NUMBER)) return 'number'
      if (stream.match(word)) return styles.get(fold(stream.current())) ?? 'variable'
      if (stream.match(OPERATOR)) return 'operator'
      stream.next()
      return null
    },
  }
}

function until(stream: StringStream, state: State, open: NonNullable<State['open']>): string {
  if (stream.skipTo(open.close)) {
    stream.match(open.close)
    state.open = undefined
  } else {
    stream.skipToEnd()
    state.open = open
  }
  return open.style
}

function toEnd(stream: StringStream, style: string): string {
  stream.skipToEnd()
  return style
}

function quoted(stream: StringStream, quote: string): string {
  stream.next()
  while (!stream.eol()) {
    const next = stream.next()
    if (next === quote) break
    if (next === '\\') stream.next()
  }
  return 'string'
}
