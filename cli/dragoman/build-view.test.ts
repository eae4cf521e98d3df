import type { WriteStream } from 'node:tty'

import { afterEach, expect, test, vi } from 'vitest'

import type { BuildId, LangId } from '#lib/domain/ids.ts'
import { plainText } from '#lib/domain/terminal-text.ts'
import type { Seen } from './build-follow.ts'
import { buildView } from './build-view.ts'

afterEach(() => void vi.restoreAllMocks())

const seen = (lang: string, more: Partial<Seen> = {}): Seen => ({
  ...{ lang: lang as LangId, build: `b${lang}` as BuildId, how: 'new', at: undefined, line: '', ended: undefined },
  ...more,
})
const at = (step: 'package' | 'test', number = 1, since = 0) => ({ step, number, since })

/** A terminal of so many rows, or a file; `text` is what was written to it. */
function screen(rows: number | undefined) {
  let text = ''
  const write = (more: string) => ((text += more), true)
  const out = { isTTY: rows !== undefined, rows, columns: 60, write } as unknown as WriteStream
  return { out, text: () => text }
}

test('where nobody sits at a terminal there is a line for each change, and none for the rest', () => {
  const lines: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  const view = buildView(screen(undefined).out, () => 0)
  view.changed(seen('lua'))
  for (const line of ['one', 'two']) view.changed(seen('lua', { at: at('package'), line }))
  view.changed(seen('lua', { at: at('package', 2), line: 'no\u001b[2J route' }))
  view.changed(seen('lua', { ended: { outcome: 'failed', reason: 'a bug' } }))
  view.stop()
  expect(lines).toEqual([
    'lua blua: waits\n',
    'lua blua: package\n',
    'lua blua: package, try 2 (no\\x1b[2J route)\n',
    'lua blua: failed: a bug\n',
  ])
})

test('on a terminal what is at work is on top, lines are cut to fit, and what does not fit is counted', () => {
  const { out, text } = screen(4)
  const view = buildView(out, () => 7000)
  view.changed(seen('done', { ended: { outcome: 'ok', reason: undefined } }))
  view.changed(seen('waiting'))
  view.changed(seen('lua', { at: at('test'), line: 'x'.repeat(100) }))
  view.stop()
  const lines = plainText(text()).split('\n')
  expect(lines).toEqual([
    expect.stringMatching(/^lua +test +7 s +x+$/),
    expect.stringMatching(/^waiting +waits$/),
    '… and 1 more',
    '',
  ])
  expect(lines[0]).toHaveLength(59)
})
