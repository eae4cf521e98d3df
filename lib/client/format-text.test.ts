import { EditorState, type TransactionSpec } from '@codemirror/state'
import { expect, test } from 'vitest'

import type { Problem } from '#lib/domain/problem.ts'

import { formatText } from './format-text.ts'
import { openDesk } from './program/desk.ts'
import { programOf } from './program/program.ts'

type Given = { text?: string; error?: Problem; meanwhile?: (desk: ReturnType<typeof openDesk>) => void; isLost?: boolean }

async function format({ text = '', error, meanwhile, isLost }: Given) {
  const desk = openDesk(programOf('main.py', 'x=1'))
  let doc = 'x=1'
  const change = (spec: TransactionSpec) => void (doc = EditorState.create({ doc }).update(spec).state.doc.toString())
  const answer = async () => {
    meanwhile?.(desk)
    if (isLost) return undefined
    return error ? { ok: false as const, error } : { ok: true as const, value: { text } }
  }
  await formatText(answer, desk, { change })
  return { doc, notice: desk.view().notice }
}

test('the formatted text takes the place of the text', async () => {
  expect(await format({ text: 'x = 1\n' })).toEqual({ doc: 'x = 1\n', notice: undefined })
})

test('a text in form stays, and it is said', async () => {
  expect(await format({ text: 'x=1' })).toEqual({ doc: 'x=1', notice: { words: 'The text has its form already.' } })
})

test('what the formatter said is shown', async () => {
  expect(await format({ error: { code: 'format_failed', output: 'line 1: no\n' } })).toEqual({
    doc: 'x=1',
    notice: { words: 'The formatter did not take the text. Nothing was changed.', detail: 'line 1: no', isProblem: true },
  })
})

test('any other refusal is said in words', async () => {
  const { doc, notice } = await format({ error: { code: 'format_too_slow' } })
  expect([doc, notice?.words]).toEqual(['x=1', 'The formatter took too long. Nothing was changed.'])
})

test('a lost connection changes nothing', async () => {
  expect(await format({ isLost: true })).toMatchObject({ doc: 'x=1', notice: { isProblem: true } })
})

test('an answer to an older text, or to another file, is not taken', async () => {
  const later = await format({ text: 'x = 1', meanwhile: (desk) => desk.edited('main.py', 'x=12') })
  expect(later).toMatchObject({ doc: 'x=1', notice: { words: expect.stringContaining('changed while') } })
  const elsewhere = await format({ text: 'x = 1', meanwhile: (desk) => void desk.add('b.py') })
  expect(elsewhere).toMatchObject({ doc: 'x=1', notice: { isProblem: true } })
})
