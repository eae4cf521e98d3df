import { wordGrammar } from './words.ts'

export const elixir = wordGrammar({
  patterns: [
    [/^:(?:[A-Za-z_]\w*[?!]?|"[^"]*")/, 'atom'],
    [/^[a-z_]\w*[?!]?:(?!:)/, 'atom'],
    [/^@\w+/, 'meta'],
    [/^[A-Z]\w*(?:\.[A-Z]\w*)*/, 'type'],
    [/^~[a-zA-Z](?:\/[^/]*\/|"[^"]*"|\([^)]*\)|\[[^\]]*\])\w*/, 'string-2'],
    [/^(?:\|>|<>|->|<-|=>|\+\+|--)/, 'operator'],
  ],
  comments: ['#'],
  longStrings: ['"""'],
  strings: '"\'',
  word: /^[a-z_]\w*[?!]?/,
  words: {
    keyword: `def defp defmodule defstruct defmacro defmacrop defprotocol defimpl defguard defdelegate defexception do end fn if
      else unless case cond with for when and or not in after rescue catch try receive raise throw quote unquote import require
      alias use`,
    atom: 'true false nil',
  },
})
