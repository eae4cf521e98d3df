import { expect, test } from 'vitest'

import { loadWith } from '../dragoman/languages.ts'
import type { CameOf } from '#lib/application/ports/questions.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import { resultOf } from './result-of.ts'

const lua = loadWith(undefined).languages.find(({ id }) => id === 'lua')!
const came: CameOf = {
  ...{ build: 'b1' as BuildId, lang: 'lua' as LangId, outcome: 'ok', reason: undefined, base: 'debian bookworm' },
  ...{ endedAt: new Date('2026-01-02T23:00:00Z'), imageBytes: 31_981_568, version: 'Lua 5.4.4' },
  results: [
    { check: 'ensure', outcome: 'ok' },
    { check: 'run', outcome: 'ok' },
    { check: 'repl', outcome: 'skipped', why: 'shy' },
    { check: 'runrepl', outcome: 'timeout', why: 'time was up' },
  ],
}
const { results: _, version: __, imageBytes: ___, ...bare } = came

test('each check is told as it went; what the config does not declare and what was not begun are told apart', () => {
  expect(resultOf(lua, came)).toEqual({
    ...{ id: 'lua', name: 'Lua', version: 'Lua 5.4.4', imageMiB: 30.5, date: '2026-01-02' },
    checks: {
      ...{ ensure: 'ok', run: 'ok', repl: { skipped: 'shy' }, runrepl: { failed: 'time was up' }, scope: 'untested' },
      ...{ format: 'undeclared', lsp: 'undeclared' },
    },
  })
})

test('a language that could not be built has the reason, and no version or size', () => {
  const none = {
    ...bare,
    outcome: 'failed',
    reason: 'no such package',
    version: undefined,
    imageBytes: undefined,
    results: [],
  } as const
  const found = resultOf(lua, none)
  expect(found).toMatchObject({ reason: 'no such package', checks: { run: 'untested' } })
  expect(found).not.toHaveProperty('version')
  expect(found).not.toHaveProperty('imageMiB')
})

test.each(['infra', 'cancelled', 'superseded', 'waiting'] as const)(
  'a build that ended as %s says nothing of the language',
  (outcome) => {
    expect(resultOf(lua, { ...came, outcome, reason: 'the mirror was down' })).toBeUndefined()
  },
)
