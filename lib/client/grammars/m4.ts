import { wordGrammar } from './words.ts'

export const m4 = wordGrammar({
  patterns: [
    [/^dnl\b.*/, 'comment'],
    [/^\$[\d*@#]/, 'variable-2'],
    [/^[`']/, 'string'],
  ],
  comments: ['#'],
  words: {
    keyword: `define undefine defn pushdef popdef indir builtin ifdef ifelse shift reverse forloop foreach include sinclude divert
      undivert divnum changequote changecom changeword m4wrap`,
    builtin:
      'len index regexp substr translit patsubst format incr decr eval syscmd esyscmd sysval mkstemp errprint m4exit dumpdef',
  },
})
