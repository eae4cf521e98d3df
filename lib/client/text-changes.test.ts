import { history, undo } from '@codemirror/commands'
import { EditorState, type Transaction } from '@codemirror/state'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { formatted } from './text-changes.ts'

test('one text becomes the other, whatever they are', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b ', '\n', '  ')),
      fc.array(fc.constantFrom('a', 'b ', '\n', '\t')),
      (before, after) => {
        const state = EditorState.create({ doc: before.join('') })
        expect(state.update(formatted(before.join(''), after.join(''))).state.doc.toString()).toBe(after.join(''))
      },
    ),
  )
})

test('the cursor stays at its word', () => {
  const before = 'def  f( a ):\n        return a\n'
  const state = EditorState.create({ doc: before, selection: { anchor: before.indexOf('return') } })
  const after = state.update(formatted(before, 'def f(a):\n    return a\n')).state
  expect(after.sliceDoc(after.selection.main.head, after.selection.main.head + 6)).toBe('return')
})

test('a long text that changes everywhere does not hold the page up', () => {
  const before = Array.from({ length: 5_000 }, (_, i) => `  x${(i * 7919) % 1000}=${i};\n`).join('')
  const after = before.replaceAll('=', ' = ').replaceAll('  x', '\tx')
  const state = EditorState.create({ doc: before })
  expect(state.update(formatted(before, after)).state.doc.toString()).toBe(after)
})

test('what is typed right after is undone by itself', () => {
  let state = EditorState.create({ doc: 'x=1', extensions: history() })
  const dispatch = (transaction: Transaction) => void (state = transaction.state)
  dispatch(state.update(formatted('x=1', 'x = 1')))
  dispatch(state.update({ changes: { from: 5, insert: '0' }, userEvent: 'input.type' }))

  undo({ state, dispatch })
  expect(state.doc.toString()).toBe('x = 1')
  undo({ state, dispatch })
  expect(state.doc.toString()).toBe('x=1')
})
