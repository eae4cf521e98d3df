import { wordGrammar } from './words.ts'

export const jq = wordGrammar({
  patterns: [
    [/^\$\w+/, 'variable-2'],
    [/^@\w+/, 'builtin'],
    [/^\.[A-Za-z_]\w*/, 'property'],
  ],
  comments: ['#'],
  strings: '"',
  words: {
    keyword: 'def if then elif else end as reduce foreach try catch label break import include and or not',
    atom: 'true false null',
    builtin: `map select keys values length add any all range floor sqrt pow log tostring tonumber type sort sort_by group_by
      unique unique_by min max min_by max_by reverse contains inside startswith endswith split join ascii_downcase ascii_upcase
      recurse env input inputs debug empty error path paths del to_entries from_entries with_entries test match capture scan sub
      gsub first last limit until repeat has in now todate fromdate tojson fromjson flatten indices index`,
  },
})
