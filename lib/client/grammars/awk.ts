import { wordGrammar } from './words.ts'

export const awk = wordGrammar({
  patterns: [
    [/^\$\w*/, 'builtin'],
    [/^\/(?:[^/\\]|\\.)+\/(?=\s*[{,)&|]|\s*$)/, 'string-2'],
  ],
  comments: ['#'],
  strings: '"',
  words: {
    keyword: `BEGIN END BEGINFILE ENDFILE function func if else while for do in break continue return next nextfile exit delete
      switch case default getline print printf`,
    builtin: `NR NF FS OFS ORS RS FNR FILENAME RSTART RLENGTH ENVIRON ARGC ARGV SUBSEP length substr index split sub gsub gensub
      match sprintf sin cos atan2 exp log sqrt int rand srand tolower toupper system close fflush strftime systime asort asorti`,
  },
})
