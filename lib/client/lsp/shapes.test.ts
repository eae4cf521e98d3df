import { Text } from '@codemirror/state'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { completionOf, diagnosticsOf, ITEMS_MAX, offsetOf, rangeOf, shapeAnswer } from './shapes.ts'

const doc = Text.of(['import os', 'os.getc', ''])
const docOf = (uri: unknown) => (uri === 'file:///main' ? doc : undefined)
const shape = (method: string, answer: unknown) => shapeAnswer(`textDocument/${method}`, answer, docOf, 'file:///main')
const range = (line: number, from: number, to: number) => ({ start: { line, character: from }, end: { line, character: to } })

test('whatever a server answers, a shape or nothing comes of it', () => {
  const method = fc.constantFrom('hover', 'signatureHelp', 'definition')
  const place = fc.record({ line: fc.integer(), character: fc.integer() })
  const like = fc.record(
    {
      contents: fc.jsonValue(),
      signatures: fc.array(fc.record({ label: fc.jsonValue(), parameters: fc.jsonValue(), documentation: fc.jsonValue() })),
      activeSignature: fc.jsonValue(),
      uri: fc.constantFrom('file:///main', 'file:///other', 5),
      range: fc.record({ start: place, end: place }),
      items: fc.array(fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(method, fc.oneof(fc.jsonValue(), like, fc.array(like)), (of, answer) => {
      shape(of, answer)
      shapeAnswer('initialize', answer, docOf, undefined)
      for (const { range } of diagnosticsOf(answer, doc)) expect(offsetOf(doc, range.end)).toBeLessThanOrEqual(doc.length)
      completionOf(answer, doc)
    }),
    { numRuns: 500 },
  )
})

test('places are put inside of the text, and ends not before starts', () => {
  const place = fc.record({ line: fc.nat(10), character: fc.nat(20) })
  fc.assert(
    fc.property(place, place, (start, end) => {
      const found = rangeOf({ start, end }, doc)
      const [from, to] = [offsetOf(doc, found?.start ?? start), offsetOf(doc, found?.end ?? end)]
      expect(0 <= from && from <= to && to <= doc.length).toBe(true)
    }),
  )
})

test.each([
  [{ contents: 'x' }, 'x'],
  [{ contents: ['a', { language: 'py`th on', value: 'b' }] }, 'a\n\n```python\nb\n```'],
  [{ contents: { kind: 'markdown', value: '**b**' } }, '**b**'],
  [{ contents: { kind: 'plaintext', value: '*b* <img>' } }, String.raw`\*b\* \<img\>`],
])('a hover %j is Markdown', (answer, value) => expect(shape('hover', answer)).toEqual({ contents: { kind: 'markdown', value } }))

test('an empty hover is none', () => {
  expect([shape('hover', { contents: [] }), shape('hover', { contents: ' ' }), shape('hover', null)]).toEqual([null, null, null])
})

test('both forms of a definition are one', () => {
  expect(shape('definition', { uri: 'file:///main', range: range(1, 3, 99) })).toEqual([
    { uri: 'file:///main', range: range(1, 3, 7) },
  ])
  const link = { targetUri: 'file:///usr/os.py', targetSelectionRange: range(9, 0, 1), targetRange: range(0, 0, 0) }
  expect(shape('definition', [link])).toEqual([{ uri: 'file:///usr/os.py', range: range(0, 0, 0) }])
})

test('of what a server can do only what is used here is kept, in a form that can be relied on', () => {
  const capabilities = {
    textDocumentSync: { change: 2, openClose: 'x' },
    completionProvider: { triggerCharacters: ['.', 5, 'long'], resolveProvider: 'yes' },
    signatureHelpProvider: { triggerCharacters: 'abc' },
    hoverProvider: true,
    definitionProvider: false,
    executeCommandProvider: { commands: ['rm'] },
  }
  const none = { triggerCharacters: [], retriggerCharacters: [], resolveProvider: false }
  expect(shapeAnswer('initialize', { capabilities }, docOf, undefined)).toEqual({
    capabilities: {
      textDocumentSync: 2,
      completionProvider: { ...none, triggerCharacters: ['.'] },
      signatureHelpProvider: none,
      hoverProvider: none,
    },
  })
})

test('items keep what is put in; the list’s own defaults hold for them', () => {
  const list = {
    isIncomplete: false,
    itemDefaults: { editRange: { insert: range(1, 3, 7), replace: range(1, 3, 99) }, insertTextFormat: 2 },
    items: [{ label: 'getcwd', kind: 3, textEditText: 'getcwd($0)' }, { label: '' }, { label: 7 }, null],
  }
  const { items, isIncomplete } = completionOf(list, doc)
  expect(isIncomplete).toBe(false)
  expect(items).toEqual([
    expect.objectContaining({ label: 'getcwd', kind: 3, text: 'getcwd($0)', isSnippet: true, range: range(1, 3, 7) }),
  ])
})

test('more items than anybody reads are cut, and typing on asks again', () => {
  const many = Array.from({ length: ITEMS_MAX + 1 }, (_, i) => ({ label: `i${i}` }))
  const { items, isIncomplete } = completionOf(many, doc)
  expect([items.length, isIncomplete]).toEqual([ITEMS_MAX, true])
})

test('a complaint says where it is from', () => {
  expect(
    diagnosticsOf(
      [{ range: range(1, 0, 2), message: 'no', source: 'Pyright', code: 'x', severity: 2 }, { message: 'nowhere' }],
      doc,
    ),
  ).toEqual([{ range: range(1, 0, 2), severity: 2, message: 'no', source: 'Pyright x' }])
})
