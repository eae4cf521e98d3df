import { err, ok, type Result } from '#lib/domain/result.ts'
import { ARGUMENT_CHARS_MAX, ARGUMENTS_MAX } from '#lib/protocol/sizes.ts'

export type BadWords =
  | { readonly code: 'open_quote'; readonly quote: '"' | "'" }
  | { readonly code: 'open_escape' }
  | { readonly code: 'too_many_words'; readonly max: number }
  | { readonly code: 'word_too_long'; readonly max: number }

/**
 * Splits a line as a shell would that expands nothing: blanks part words, single quotes keep all, double quotes keep all
 * but `\"`, `\\`, `` \` `` and `\$`, elsewhere a backslash keeps the next character.
 */
export function splitWords(line: string): Result<string[], BadWords> {
  const words: string[] = []
  let word: string | undefined
  let at = 0
  while (at < line.length) {
    const char = line[at] as string // `at` is below the length
    at += 1
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === '"' || char === "'") {
      const quoted = char === '"' ? doubleQuoted(line, at) : singleQuoted(line, at)
      if (!quoted) return err({ code: 'open_quote', quote: char })
      word = (word ?? '') + quoted.text
      at = quoted.end
    } else if (char === '\\') {
      if (at === line.length) return err({ code: 'open_escape' })
      word = (word ?? '') + line[at]
      at += 1
    } else word = (word ?? '') + char
  }
  if (word !== undefined) words.push(word)
  if (words.length > ARGUMENTS_MAX) return err({ code: 'too_many_words', max: ARGUMENTS_MAX })
  if (words.some((one) => one.length > ARGUMENT_CHARS_MAX)) return err({ code: 'word_too_long', max: ARGUMENT_CHARS_MAX })
  return ok(words)
}

/** The line that splits into these words. */
export const joinWords = (words: readonly string[]): string => words.map(quoted).join(' ')

const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

type Quoted = { readonly text: string; readonly end: number }

function singleQuoted(line: string, from: number): Quoted | undefined {
  const end = line.indexOf("'", from)
  return end < 0 ? undefined : { text: line.slice(from, end), end: end + 1 }
}

function doubleQuoted(line: string, from: number): Quoted | undefined {
  let text = ''
  for (let at = from; at < line.length; at += 1) {
    const char = line[at] as string // as above
    if (char === '"') return { text, end: at + 1 }
    if (char === '\\' && /["\\`$]/.test(line[at + 1] ?? '')) {
      text += line[at + 1]
      at += 1
    } else text += char
  }
  return undefined
}

/** What is wrong with the line, for whoever typed it. */
export function wordsProblem(bad: BadWords): string {
  switch (bad.code) {
    case 'open_quote':
      return `A quote (${bad.quote}) is not closed`
    case 'open_escape':
      return 'There is nothing after the last backslash'
    case 'too_many_words':
      return `More than ${bad.max} words`
    case 'word_too_long':
      return `A word has more than ${bad.max} characters`
    default:
      return bad satisfies never
  }
}
