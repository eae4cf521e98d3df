import { wordGrammar } from './words.ts'

export const clips = wordGrammar({
  patterns: [
    [/^\$?\?\*?[\w-]*\*?/, 'variable'],
    [/^=>/, 'keyword'],
  ],
  comments: [';'],
  strings: '"',
  word: /^[A-Za-z][\w*+<>=/-]*/,
  words: {
    keyword: `deffacts defrule deftemplate deffunction defglobal defclass definstances defmodule defgeneric defmethod
      defmessage-handler slot multislot declare salience if then else while do switch case default return break loop-for-count
      progn foreach bind assert retract modify duplicate not and or exists forall test logical`,
    builtin: 'printout format read readline create$ length$ nth$ member$ eq neq run reset clear load facts agenda watch t crlf',
    atom: 'TRUE FALSE nil stdin',
  },
})
