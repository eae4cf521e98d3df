import { wordGrammar } from './words.ts'

export const prolog = wordGrammar({
  patterns: [
    [/^[A-Z_]\w*/, 'variable-2'],
    [/^(?::-|-->|\?-)/, 'keyword'],
    [/^0'./, 'number'],
    [/^(?:=\.\.|\\\+|\\==?|=:=|=\\=|=<|->|;|!)/, 'operator'],
    [/^[a-z]\w*(?=\()/, 'def'],
  ],
  block: ['/*', '*/'],
  comments: ['%'],
  strings: '"\'`',
  words: {
    keyword: 'is mod rem div xor dynamic discontiguous module use_module initialization',
    atom: 'true false fail nl halt',
  },
})
