import { wordGrammar } from './words.ts'

export const fish = wordGrammar({
  patterns: [
    [/^\$+\w+/, 'variable-2'],
    [/^--?[A-Za-z][\w-]*/, 'attribute'],
  ],
  comments: ['#'],
  strings: '"\'',
  word: /^[A-Za-z_][\w-]*/,
  words: {
    keyword: 'function end if else switch case for in while begin and or not return break continue builtin command exec',
    builtin: `echo set set_color string math test read printf source cd count contains status type argparse path eval random
      functions history abbr bind complete emit jobs pwd seq sort grep`,
    atom: 'true false',
  },
})
