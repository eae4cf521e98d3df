export type YamlToken = { readonly kind: 'key' | 'string' | 'number' | 'comment' | 'mark' | 'text'; readonly text: string }

const KEY = /^(\s*(?:- +)*)((?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#'"[\]{},&*!|>%@`-][^:#]*|-[^\s:#][^:#]*))(:)(?=\s|$)/
const VALUE =
  /(\s#.*$|^#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?<![\w.-])(-?\d+(?:\.\d+)?|true|false|null)(?![\w.-])|([[\]{},]|^\s*-(?=\s)|(?:^|\s)[&*!][^\s,[\]{}]+|[|>][-+0-9]*\s*$)/g
const BLOCK = /(?:^|[\s:])[|>][-+0-9]*\s*(?:#.*)?$/

/**
 * Colours for a config: its text line by line, cut into pieces that together are the text again, whatever it is. It knows the
 * plain forms that configs are written in; what it does not know is text.
 */
export function yamlTokens(text: string): readonly (readonly YamlToken[])[] {
  let blockIndent: number | undefined
  return text.split('\n').map((line) => {
    const indent = /^ */.exec(line)?.[0].length ?? 0
    if (blockIndent !== undefined) {
      if (line.trim() === '' || indent > blockIndent) return line === '' ? [] : [{ kind: 'string', text: line }]
      blockIndent = undefined
    }
    if (BLOCK.test(line) && !/^\s*#/.test(line)) blockIndent = indent
    const key = KEY.exec(line)
    if (!key) return valueTokens(line)
    const [whole, before = '', name = '', colon = ''] = key
    const tokens: YamlToken[] = [
      { kind: 'mark', text: before },
      { kind: 'key', text: name },
      { kind: 'mark', text: colon },
    ]
    return [...tokens.filter(({ text }) => text !== ''), ...valueTokens(line.slice(whole.length))]
  })
}

function valueTokens(text: string): YamlToken[] {
  const tokens: YamlToken[] = []
  let at = 0
  const add = (kind: YamlToken['kind'], text: string) => void (text !== '' && tokens.push({ kind, text }))
  for (const found of text.matchAll(VALUE)) {
    const [whole, comment, string, number] = found
    add('text', text.slice(at, found.index))
    add(comment !== undefined ? 'comment' : string !== undefined ? 'string' : number !== undefined ? 'number' : 'mark', whole)
    at = found.index + whole.length
  }
  add('text', text.slice(at))
  return tokens
}
