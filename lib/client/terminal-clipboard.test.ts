import { expect, test } from 'vitest'

import { isCopyKey, isFindKey, isPasteKey } from './terminal-clipboard.ts'

const NONE = { ctrlKey: false, shiftKey: false, metaKey: false, altKey: false }
const ctrl = (key: string) => ({ ...NONE, key, ctrlKey: true })
const ctrlShift = (key: string) => ({ ...ctrl(key), shiftKey: true })
const meta = (key: string) => ({ ...NONE, key, metaKey: true })

test('Ctrl-C and Ctrl-V stay the program’s, with Shift they are copy and paste', () => {
  expect([isCopyKey(ctrl('c')), isPasteKey(ctrl('v'))]).toEqual([false, false])
  expect([isCopyKey(ctrlShift('C')), isPasteKey(ctrlShift('V'))]).toEqual([true, true])
  expect([isCopyKey({ ...ctrlShift('C'), altKey: true }), isPasteKey({ ...ctrlShift('V'), metaKey: true })]).toEqual([
    false,
    false,
  ])
})

test('find is Ctrl-F or Cmd-F', () => {
  expect([ctrl('f'), ctrlShift('F'), meta('f')].map(isFindKey)).toEqual([true, true, true])
  expect(
    [{ ...NONE, key: 'f' }, { ...ctrl('f'), altKey: true }, { ...meta('f'), ctrlKey: true }, ctrl('g')].map(isFindKey),
  ).toEqual(Array<boolean>(4).fill(false))
})
