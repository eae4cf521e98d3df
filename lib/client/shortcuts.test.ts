import { expect, test } from 'vitest'

import { keyNames, shortcutOf, SHORTCUTS } from './shortcuts.ts'

const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {}, code = '') => ({
  key,
  code,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
})

test.each([
  [press('Enter', { ctrlKey: true }), 'run'],
  [press('Enter', { metaKey: true }), 'run'],
  [press('Enter'), undefined],
  [press('Enter', { ctrlKey: true, shiftKey: true }), undefined],
  [press('.', { ctrlKey: true }), 'stop'],
  [press('F6'), 'terminal'],
  [press('F6', { shiftKey: true }), 'editor'],
  [press('F1'), 'keys'],
  [press('F', { altKey: true, shiftKey: true }, 'KeyF'), 'format'],
  [press('Ï', { altKey: true, shiftKey: true }, 'KeyF'), 'format'],
  [press('f', { altKey: true }, 'KeyF'), undefined],
])('%j is %s', (event, id) => expect(shortcutOf(event, false)).toBe(id))

test('a program in the terminal gets the keys it may want', () => {
  expect(shortcutOf(press('F1'), true)).toBeUndefined()
  expect(shortcutOf(press('F', { altKey: true, shiftKey: true }, 'KeyF'), true)).toBeUndefined()
  expect(shortcutOf(press('Enter', { ctrlKey: true }), true)).toBe('run')
})

test('no two shortcuts of one place are the same keys', () => {
  const all = SHORTCUTS.map(({ keys, place }) => `${place} ${keys}`)
  expect(new Set(all).size).toBe(all.length)
})

test('keys are called as the machine calls them', () => {
  expect(keyNames('Mod+Enter', true)).toEqual(['⌘', 'Enter'])
  expect(keyNames('Shift+Alt+F', false)).toEqual(['Shift', 'Alt', 'F'])
})
