import { wordGrammar } from './words.ts'

export const rexx = wordGrammar({
  patterns: [[/^[A-Za-z_!?][\w!?]*(?=\s*:)/, 'def']],
  block: ['/*', '*/'],
  comments: ['--'],
  strings: '"\'',
  ignoreCase: true,
  words: {
    keyword: `say if then else do end while until forever to by for select when otherwise call return exit parse arg pull var
      value with upper procedure expose signal on off drop iterate leave nop numeric digits push queue interpret trace address
      options source version`,
    builtin: `abs center copies date datatype delstr delword format insert lastpos left length max min overlay pos random reverse
      right sign space strip substr subword time translate trunc verify word words wordpos c2d d2c d2x x2d x2c c2x`,
  },
})
