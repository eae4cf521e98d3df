import { wordGrammar } from './words.ts'

export const nim = wordGrammar({
  patterns: [
    [/^\{\./, 'meta'],
    [/^\.\}/, 'meta'],
  ],
  block: ['#[', ']#'],
  comments: ['#'],
  longStrings: ['"""'],
  strings: '"\'',
  words: {
    keyword: `proc func method iterator template macro converter type var let const if elif else case of when while for in notin
      block break continue return yield discard import from export include object enum tuple ref ptr distinct concept and or not
      xor shl shr div mod is isnot try except finally raise defer using static bind mixin do end cast addr asm out`,
    type: 'int int8 int16 int32 int64 uint float float32 float64 bool char string cstring seq array set void auto openArray',
    builtin: 'echo len high low inc dec add del readLine stdin stdout newSeq contains result',
    atom: 'true false nil',
  },
})
