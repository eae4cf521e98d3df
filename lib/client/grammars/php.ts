import { wordGrammar } from './words.ts'

export const php = wordGrammar({
  patterns: [
    [/^(?:<\?(?:php|=)?|\?>)/, 'meta'],
    [/^\$\w+/, 'variable-2'],
    [/^#\[/, 'meta'],
    [/^<\/?[A-Za-z][\w-]*>?/, 'tag'],
  ],
  block: ['/*', '*/'],
  comments: ['//', '#'],
  strings: '"\'`',
  words: {
    keyword: `abstract and as break case catch class clone const continue declare default do echo else elseif enum extends final
      finally fn for foreach function global goto if implements include include_once instanceof insteadof interface match
      namespace new or print private protected public readonly require require_once return static switch throw trait try use var
      while xor yield`,
    type: 'int float string bool array object mixed void never iterable callable self parent',
    atom: 'true false null TRUE FALSE NULL PHP_EOL',
    builtin: 'isset unset empty list count strlen printf sprintf implode explode array_map array_filter var_dump print_r',
  },
})
