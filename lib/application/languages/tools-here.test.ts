import { expect, test } from 'vitest'

import type { Language } from '#lib/domain/language.ts'

import { withToolsHere } from './tools-here.ts'

const start = 'exec clangd --log=error'
const c = { id: 'c', format: 'clang-format --style=LLVM', lsp: { start } } as unknown as Language // all that is looked at here

test('a formatter or server that is not installed is not offered', () => {
  expect(withToolsHere(c, () => true)).toEqual(c)
  expect(withToolsHere(c, (name) => name === 'clangd')).toEqual({ id: 'c', lsp: { start } })
  expect(withToolsHere(c, (name) => name === 'clang-format')).toEqual({ id: 'c', format: 'clang-format --style=LLVM' })
})

test.each([
  ['text=$(sqlformat -) || exit\nprintf x', 'sqlformat'],
  ['rubocop --stdin main.rb', 'rubocop'],
  ['  mix format -\n', 'mix'],
])('the command of %j is %s', (format, command) => {
  const asked: string[] = []
  withToolsHere({ ...c, format } as Language, (name) => asked.push(name) > 0)
  expect(asked[0]).toBe(command)
})

test.each(['if true; then "$HOME/x"; fi', '"$HOME/x" -'])('%j, whose command cannot be told, is left to show it', (format) => {
  expect(withToolsHere({ ...c, format } as Language, () => false).format).toBe(format)
})
