import { wordGrammar } from './words.ts'

export const picolisp = wordGrammar({
  block: ['#{', '}#'],
  comments: ['#'],
  strings: '"',
  word: /^[\p{L}*+][\p{L}\d*+:<>=?!-]*/u,
  words: {
    keyword: 'de dm class extend if ifn unless when cond case let use for while until loop do prog quote var rel',
    builtin: 'setq prin prinl println print pack list cons car cdr mapcar filter make link get put new T NIL',
  },
})
