import { wordGrammar } from './words.ts'

export const lolcode = wordGrammar({
  patterns: [
    [/^BTW\b.*/, 'comment'],
    [
      /^(?:I HAS A|IM IN YR|IM OUTTA YR|HOW IZ I|IF U SAY SO|FOUND YR|I IZ|O RLY\?|YA RLY|NO WAI|SUM OF|DIFF OF|PRODUKT OF|QUOSHUNT OF|MOD OF|BIGGR OF|SMALLR OF|BOTH SAEM|BOTH OF|EITHER OF|WON OF|ANY OF|ALL OF|IS NOW A|ITZ A)\b/,
      'keyword',
    ],
  ],
  block: ['OBTW', 'TLDR'],
  strings: '"',
  words: {
    keyword:
      'HAI KTHXBYE VISIBLE GIMMEH ITZ R AN MKAY SMOOSH NOT DIFFRINT OIC MEBBE WTF? OMG OMGWTF GTFO UPPIN NERFIN YR TIL WILE MAEK A CAN HAS',
    atom: 'WIN FAIL NOOB IT',
    type: 'NUMBR NUMBAR YARN TROOF BUKKIT',
  },
})
