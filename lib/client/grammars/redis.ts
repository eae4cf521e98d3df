import { wordGrammar } from './words.ts'

export const redis = wordGrammar({
  patterns: [[/^[A-Za-z]+(?=\s|$)/, 'keyword']],
  comments: ['#'],
  strings: '"\'',
  word: /^[^\s"']+/,
})
