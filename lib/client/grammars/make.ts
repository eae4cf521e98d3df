import { wordGrammar } from './words.ts'

export const make = wordGrammar({
  patterns: [
    [/^\$[@<^+?*%|]/, 'variable-2'],
    [/^\$[({][^)}]*[)}]/, 'variable-2'],
    [/^\.[A-Z_]+(?=\s*:)/, 'meta'],
    [/^[\w./%-]+(?=\s*:(?!=))/, 'def'],
    [/^[\w.-]+(?=\s*(?:[:?+!]{0,2}=))/, 'property'],
    [/^@/, 'meta'],
  ],
  comments: ['#'],
  strings: '"\'',
  word: /^[\w./%-]+/,
  words: { keyword: 'include -include define endef ifdef ifndef ifeq ifneq else endif export unexport override vpath' },
})
