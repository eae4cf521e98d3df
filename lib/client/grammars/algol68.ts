import { wordGrammar } from './words.ts'

export const algol68 = wordGrammar({
  patterns: [
    [/^(?:COMMENT|COMM|CO|PR)\b.*?(?:\b(?:COMMENT|COMM|CO|PR)\b|$)/, 'comment'],
    [/^#.*?(?:#|$)/, 'comment'],
    [/^(?:INT|REAL|BOOL|CHAR|STRING|BITS|COMPL|VOID|FILE|LONG|SHORT|REF|FLEX|STRUCT|UNION|MODE)\b/, 'type'],
    [/^[A-Z][A-Z\d]*\b/, 'keyword'],
  ],
  strings: '"',
  words: { builtin: 'print read new line newline space write', atom: 'TRUE FALSE NIL' },
})
