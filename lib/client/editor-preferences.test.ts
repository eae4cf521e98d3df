import { getIndentUnit } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { expect, test } from 'vitest'

import { indentation, indentationOf } from './editor-preferences.ts'

test.each([
  ['', '    '],
  ['flat\ntext', '    '],
  ['if x:\n    y\n        z', '    '],
  ['int main() {\n  return 0;\n}', '  '],
  ['all:\n\techo', '\t'],
  ['/*\n * star\n */\nf() {\n   x\n}', '   '],
  ['f(a,\n             b)', '    '],
])('%j is indented by %j', (text, unit) => expect(indentationOf(text)).toBe(unit))

test.each([
  ['text', 'a\n  b', 2, 2],
  ['text', 'a\n\tb', 4, 4],
  ['8', 'a\n  b', 8, 8],
  ['8', 'a\n\tb', 8, 8],
] as const)('tab width %s for %j', (width, text, tab, unit) => {
  const state = EditorState.create({ extensions: indentation(width, text) })
  expect([state.tabSize, getIndentUnit(state)]).toEqual([tab, unit])
})
