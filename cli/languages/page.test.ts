import { expect, test } from 'vitest'

import { languagesPage } from './page.ts'
import { type LanguageResult, parseResults, resultsText } from './results.ts'

const NONE = { repl: 'undeclared', runrepl: 'undeclared', scope: 'undeclared', format: 'undeclared', lsp: 'undeclared' } as const
const lua: LanguageResult = {
  id: 'lua',
  name: 'Lua',
  version: 'Lua 5.4.4',
  imageMiB: 30.5,
  checks: { ...NONE, ensure: 'ok', run: 'ok', format: 'ok' },
  date: '2026-01-02',
}
const results = (...languages: LanguageResult[]) => ({ base: 'debian bookworm', languages })

test('the page counts what is green and shows a row for each, by id', () => {
  const page = languagesPage(results(lua, { ...lua, id: 'ada', checks: { ...lua.checks, lsp: 'ok' } }))
  expect(page).toContain('2 of 2 languages passed all they declare, among them 2 formatters and\n1 language servers.')
  expect(page.split('\n').filter((line) => /^\| (ada|lua)/.test(line))).toEqual([
    '| ada | Lua 5.4.4 | 30.5 | ok | ok | – | – | – | ok | ok | 2026-01-02 |',
    '| lua | Lua 5.4.4 | 30.5 | ok | ok | – | – | – | ok | – | 2026-01-02 |',
  ])
  expect(page).not.toContain('##')
})

test('a check that is left out is still green, one that failed is not, and both give their reasons', () => {
  const skips: LanguageResult = { ...lua, id: 'a', checks: { ...lua.checks, repl: { skipped: 'it has no prompt' } } }
  const fails: LanguageResult = { ...lua, id: 'b', checks: { ...lua.checks, run: { failed: 'it printed "a | b\n<i>"' } } }
  const page = languagesPage(results(skips, fails))
  expect(page).toContain('1 of 2 languages')
  expect(page).toContain('## Left out\n\n- a repl: it has no prompt\n')
  expect(page).toContain('## Failed\n\n- b run: it printed "a \\| b \\<i>"\n')
})

test('a language that has no image says why', () => {
  const { version: _, imageMiB: __, ...bare } = lua
  const page = languagesPage(
    results({ ...bare, checks: { ...NONE, ensure: 'undeclared', run: 'undeclared' }, reason: 'no such package' }),
  )
  expect(page).toContain('0 of 1 languages')
  expect(page).toContain('- lua: no such package')
})

test('what is kept is read back as it was, and nothing else is taken', () => {
  const kept = results(lua, { ...lua, id: 'ada', checks: { ...lua.checks, lsp: { failed: 'time was up' } } })
  expect(parseResults(resultsText(kept))).toEqual({ ok: true, value: kept })
  expect(parseResults('{"base":"x","languages":[{"id":"a"}]}').ok).toBe(false)
})
