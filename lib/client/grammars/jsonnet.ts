import { wordGrammar } from './words.ts'

export const jsonnet = wordGrammar({
  patterns: [[/^[A-Za-z_]\w*(?=\s*::?:?\s)/, 'property']],
  block: ['/*', '*/'],
  comments: ['//', '#'],
  longStrings: ['|||'],
  strings: '"\'',
  words: {
    keyword: 'local function if then else for in import importstr importbin assert error tailstrict',
    atom: 'true false null self super $',
    builtin: 'std',
  },
})
