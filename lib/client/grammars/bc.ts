import { wordGrammar } from './words.ts'

export const bc = wordGrammar({
  block: ['/*', '*/'],
  comments: ['#'],
  strings: '"',
  words: {
    keyword: 'define auto if else while for break continue return halt quit print limits',
    builtin: 'scale ibase obase last length sqrt read s c a l e j',
  },
})
