import { wordGrammar } from './words.ts'

export const aplus = wordGrammar({
  patterns: [[/^\$\w+/, 'keyword']],
  comments: ['//'],
  strings: '"\'',
  words: {
    keyword: 'if else while case do return',
    builtin: 'iota rho take drop and or not max min abs floor ceiling log pow sum print enlist pi in rotate reverse',
  },
})
