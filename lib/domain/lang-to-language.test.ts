import { expect, test } from 'vitest'

import { langConfig } from './lang-config.ts'
import { CHECK_MS_MAX, CHECK_MS_MIN, toLanguage } from './lang-to-language.ts'
import { DEFAULT_LIMITS } from './limits.ts'

const least = { id: 'toy', name: 'Toy', main: 'main.toy', template: 'hello', run: 'toy main.toy' }
const from = (fields: object) => toLanguage(langConfig.parse({ ...least, ...fields }))

test('the least config gets the defaults', () => {
  expect(from({})).toEqual({
    id: 'toy',
    name: 'Toy',
    aliases: [],
    packages: [],
    needs: ['toy'],
    main: 'main.toy',
    template: 'hello',
    prefix: '',
    suffix: '',
    run: 'toy main.toy',
    takesArgs: false,
    args: [],
    takesFlags: false,
    flags: [],
    limits: DEFAULT_LIMITS,
    info: {},
    checks: {
      declared: ['run'],
      timeoutMs: 20_000,
      hello: 'Hello, world!',
      helloInput: [],
      input: [{ line: '123 * 234' }],
      output: '28782',
      runReplInput: [{ line: '123 * 234' }],
      runReplOutput: '28782',
      skipped: [],
    },
  })
})

test('prefix and suffix get their line ends', () => {
  const { prefix, suffix } = from({ prefix: 'a', suffix: 'b' })

  expect(`${prefix}code${suffix}`).toBe('a\ncode\nb')
})

test.each([
  [0, CHECK_MS_MIN],
  [-1, CHECK_MS_MIN],
  [0.05, 1000],
  [0.5, 10_000],
  [6, CHECK_MS_MAX],
  [1e9, CHECK_MS_MAX],
])('a timeout factor of %d is %d ms', (timeoutFactor, ms) => {
  expect(from({ timeoutFactor }).checks.timeoutMs).toBe(ms)
})

test('the checks are those the config has something for, less the skipped', () => {
  const tools = { format: { run: 'toyfmt' }, lsp: { start: 'toyls', code: 'x', item: 'xy' } }
  const all = { repl: 'toy', ensure: 'true', scope: { code: 'x' }, ...tools }

  expect(from(all).checks.declared).toEqual(['ensure', 'run', 'repl', 'runrepl', 'scope', 'format', 'lsp'])
  expect(from({ ...all, skip: ['runrepl', 'lsp'], skipReasons: { runrepl: 'It ends' } }).checks).toMatchObject({
    declared: ['ensure', 'run', 'repl', 'scope', 'format'],
    skipped: [
      { check: 'runrepl', reason: 'It ends' },
      { check: 'lsp', reason: 'no reason given' },
    ],
  })
  expect(from({ skip: ['run'] }).checks).toMatchObject({ declared: [], skipped: [{ check: 'run', reason: 'no reason given' }] })
})

test('the prompt after a run is checked like the bare one unless it says otherwise', () => {
  const { checks } = from({ input: 'a\nb\n', output: 'c', scope: { code: 'x' } })

  expect(checks.runReplInput).toEqual([{ line: 'a' }, { line: 'b' }])
  expect(checks.runReplOutput).toBe('c')
  expect(checks.scope).toEqual({ code: 'x', input: [{ line: 'x' }], output: '28782' })
})

test('own limits stand over the defaults, in the kernel’s units', () => {
  expect(from({ limits: { memoryMiB: 768, idleMinutes: 0.5 } }).limits).toEqual({
    ...DEFAULT_LIMITS,
    memoryBytes: 768 * 1024 * 1024,
    idleMs: 30_000,
  })
})

test('packages are names alone, fit to be shown in a command', () => {
  expect(from({ install: { apt: ['gcc', '$(grep-aptavail x)', 'libc6-dev'] } }).packages).toEqual(['gcc', 'libc6-dev'])
})

test('what may be one or several is always a list', () => {
  expect(from({ info: { category: ['shell', 'tool'], typing: 'static', web: { source: null } } }).info).toEqual({
    category: ['shell', 'tool'],
    typing: ['static'],
    web: {},
  })
})

test('arguments and flags have a place where the commands hand them on', () => {
  const fields = { args: ['-v'], flags: ['-O2'] }

  expect(from({ ...fields, run: './main "$@"', compile: 'cc "$@" main.c' })).toMatchObject({
    ...{ takesArgs: true, args: ['-v'] },
    ...{ takesFlags: true, flags: ['-O2'] },
  })
  expect(from({ args: ['-v'], compile: 'cc main.c' })).toMatchObject({ takesArgs: false, args: [], takesFlags: false, flags: [] })
  expect(langConfig.safeParse({ ...least, flags: ['-O2'], compile: 'cc main.c' }).success).toBe(false)
})

test('a language server has its defaults, and its check with it', () => {
  const lsp = { start: 'toyls', code: 'fir', item: 'first' }

  expect(from({ lsp })).toMatchObject({ lsp: { start: 'toyls', auto: false, lang: 'toy', noDynamicRegistration: false } })
  expect(from({ lsp }).checks.lsp).toEqual({ code: 'fir', item: 'first' })
  expect(from({ lsp: { ...lsp, auto: true, lang: 'toyscript', init: { a: 1 }, disableDynamicRegistration: true } }).lsp).toEqual({
    ...{ start: 'toyls', auto: true, lang: 'toyscript', init: { a: 1 }, noDynamicRegistration: true },
  })
})

test('a formatter is given the template out of shape, and has to give it back', () => {
  const { format } = from({ template: 'a\nb\n', format: { run: 'toyfmt' } }).checks

  expect(format).toEqual({ input: 'a  \nb  \n\n\n', output: 'a\nb\n' })
})
