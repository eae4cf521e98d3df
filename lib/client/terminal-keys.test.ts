import { expect, test } from 'vitest'

import { keySequence, withControl } from './terminal-keys.ts'

test.each([
  ['Tab', {}, '\t'],
  ['Escape', {}, '\x1b'],
  ['ArrowUp', {}, '\x1b[A'],
  ['ArrowUp', { application: true }, '\x1bOA'],
  ['ArrowLeft', { control: true }, '\x1b[1;5D'],
  ['ArrowLeft', { control: true, application: true }, '\x1b[1;5D'],
  ['Home', {}, '\x1b[H'],
  ['End', { application: true }, '\x1bOF'],
] as const)('%s with %j sends %j', (key, how, sent) => {
  expect(keySequence(key, how)).toBe(sent)
})

test.each([
  ['c', '\x03'],
  ['D', '\x04'],
  ['[', '\x1b'],
  ['_', '\x1f'],
  [' ', '\0'],
  ['?', '\x7f'],
  ['1', '1'],
  ['é', 'é'],
  ['two', 'two'],
  ['', ''],
])('Ctrl makes of %j %j', (typed, sent) => {
  expect(withControl(typed)).toBe(sent)
})
