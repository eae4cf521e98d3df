import { wordGrammar } from './words.ts'

export const dc = wordGrammar({
  patterns: [
    [/^\[[^[\]]*\]?/, 'string'],
    [/^_?\d[\dA-F.]*/, 'number'],
    [/^(?:[sSlLtTx]|[<>=!]+)[\w]?/, 'keyword'],
    [/^[-+*/%^~|v]/, 'operator'],
    [/^[a-zA-Z]/, 'builtin'],
  ],
  comments: ['#'],
})
