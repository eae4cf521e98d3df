import { wordGrammar } from './words.ts'

/** Befunge-93: arrows are where it goes on. */
export const befunge = wordGrammar({
  patterns: [
    [/^"[^"]*"?/, 'string'],
    [/^[<>^v?]+/, 'keyword'],
    [/^\d/, 'number'],
    [/^[#@_|]/, 'atom'],
    [/^[-+*/%!`:\\$.,gp&~]/, 'operator'],
  ],
})
