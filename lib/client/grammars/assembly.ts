import { wordGrammar } from './words.ts'

/** NASM, for x86. */
export const assembly = wordGrammar({
  patterns: [
    [/^\s*[.\w$]+:/, 'def'],
    [/^%[-+\w]+/, 'meta'],
    [/^(?:[re]?[abcd]x|[abcd][hl]|[re]?[sd]il?|[re]?[sb]pl?|[re]?ip|r(?:[89]|1[0-5])[bwd]?|[xyz]mm\d+|[c-gs]s)\b/i, 'builtin'],
  ],
  comments: [';'],
  strings: '"\'`',
  ignoreCase: true,
  words: {
    keyword: `mov lea push pop call ret jmp je jne jz jnz jg jge jl jle ja jae jb jbe js jns loop syscall int nop add sub mul imul
      div idiv inc dec neg and or xor not shl shr sar rol ror cmp test cmove cmovne movzx movsx cqo cdq rep movsb stosb leave`,
    meta: 'section segment global extern default bits org align equ times db dw dd dq resb resw resd resq incbin struc endstruc',
    type: 'byte word dword qword ptr rel',
  },
})
