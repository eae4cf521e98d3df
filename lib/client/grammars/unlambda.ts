import { wordGrammar } from './words.ts'

export const unlambda = wordGrammar({
  patterns: [
    [/^`+/, 'operator'],
    [/^\../, 'string'],
    [/^\?./, 'string-2'],
    [/^[skivcderSKIVCDER@|]/, 'keyword'],
  ],
  comments: ['#'],
})
