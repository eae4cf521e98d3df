import { expect, test } from 'vitest'

import { withScope } from './scoped-template.ts'

test.each([
  ['at the end', 'a\nb\n', undefined, 'a\nb\nX\n'],
  ['at the end of a text without a line end', 'a', undefined, 'a\nX\n'],
  ['after a whole line', 'a\nb\n', 'a', 'a\nX\nb\n'],
  ['after the line that a part of it names', 'int main() {\n}\n', 'main', 'int main() {\nX\n}\n'],
  ['after several lines', 'a\nb\nc\n', 'a\nb\n', 'a\nb\nX\nc\n'],
  ['after the last line', 'a\nb', 'b', 'a\nb\nX\n'],
])('the code goes %s', (_where, template, after, whole) => {
  expect(withScope(template, { code: 'X', ...(after !== undefined && { after }) })).toBe(whole)
})
