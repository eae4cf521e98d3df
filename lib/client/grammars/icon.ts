import { wordGrammar } from './words.ts'

export const icon = wordGrammar({
  patterns: [
    [/^&\w+/, 'atom'],
    [/^(?::=|\|\||<-|\?)/, 'operator'],
  ],
  comments: ['#'],
  strings: '"\'',
  words: {
    keyword: `procedure end return fail suspend if then else while until every do repeat case of default break next local static
      global record link invocable initial to by create not`,
    builtin: `write writes read reads open close stop put get pop push pull list table set member insert delete key sort image
      type find upto many match any tab move pos left right center map repl reverse trim integer real string numeric abs ord char`,
  },
})
