import { wordGrammar } from './words.ts'

export const basic = wordGrammar({
  patterns: [
    [/^\d+(?=\s+[A-Za-z])/, 'meta'],
    [/^(?:REM\b|').*/i, 'comment'],
  ],
  strings: '"',
  ignoreCase: true,
  word: /^[A-Za-z][\w]*[$%!#]?/,
  words: {
    keyword: `print input let if then else elseif endif for to step next while wend do loop until goto gosub return end stop dim
      read data restore def fn function sub select case on run list new quit call not and or xor mod`,
    builtin: `abs asc atn chr$ cos exp int left$ len log mid$ right$ rnd sgn sin space$ sqr str$ string$ tab tan val date$ time$
      timer instr ucase$ lcase$`,
  },
})
