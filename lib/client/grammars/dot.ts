import { wordGrammar } from './words.ts'

export const dot = wordGrammar({
  patterns: [[/^-[->]/, 'operator']],
  block: ['/*', '*/'],
  comments: ['//', '#'],
  strings: '"',
  words: {
    keyword: 'strict graph digraph subgraph node edge',
    builtin: `label shape color style rankdir rank fillcolor fontname fontsize fontcolor weight arrowhead arrowtail dir width
      height size bgcolor penwidth constraint`,
  },
})
