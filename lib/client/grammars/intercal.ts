import { wordGrammar } from './words.ts'

export const intercal = wordGrammar({
  patterns: [
    [/^(?:PLEASE|DO)\s+(?:NOT|N'T)E?\b.*/, 'comment'],
    [/^\(\d+\)/, 'def'],
    [/^%\d+/, 'meta'],
    [/^[.:,;]\d+/, 'variable-2'],
    [/^#\d+/, 'number'],
    [/^(?:<-|[$~&?V])/, 'operator'],
  ],
  words: {
    keyword: `PLEASE DO NOT READ WRITE OUT IN GIVE UP NEXT FORGET RESUME STASH RETRIEVE IGNORE REMEMBER ABSTAIN REINSTATE FROM
      COME CALCULATING SUB BY`,
  },
})
