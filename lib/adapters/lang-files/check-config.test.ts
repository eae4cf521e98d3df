import { expect, test } from 'vitest'

import { COMMAND_CHARS_MAX, PATTERN_CHARS_MAX, TEXT_CHARS_MAX } from '#lib/domain/lang-fields.ts'
import { LANG_ID_CHARS_MAX, RESERVED_IDS } from '#lib/domain/lang-names.ts'

import { checkConfig } from './check-config.ts'
import { MISTAKES_MAX } from './parse-yaml.ts'

const FIELDS: Readonly<Record<string, string>> = {
  id: 'toy',
  name: 'Toy',
  main: 'main.toy',
  template: '"print hello"',
  run: 'toy main.toy',
}

/** A config of one line a field, in the order of FIELDS; `undefined` leaves a field out, a new one stands in line 6. */
function config(fields: Readonly<Record<string, string | undefined>> = {}): string {
  return Object.entries({ ...FIELDS, ...fields })
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\n`]))
    .join('')
}

const told = (source: string) =>
  checkConfig('toy.yaml', source).problems.map(
    ({ severity, line, column, field, message }) => `${line}:${column} ${severity} ${field ?? '-'}: ${message}`,
  )

test('the smallest config has five fields', () => {
  expect(checkConfig('toy.yaml', config())).toMatchObject({ config: { id: 'toy', run: 'toy main.toy' }, problems: [] })
})

test.each(Object.keys(FIELDS))('a config without %s is refused by that name', (field) => {
  expect(told(config({ [field]: undefined }))).toEqual([expect.stringMatching(`^1:1 error ${field}: is missing \\(.+\\)$`)])
})

test.each([
  ['an unknown field', config({ colour: 'red' }), '6:1 error colour: is not a field of a language'],
  ['an unknown field inside', `${config()}info:\n  founder: me\n`, '7:3 error info.founder: is not a field of a language'],
  [
    '__proto__',
    config({ ['__proto__x']: 'y' }).replace('__proto__x', '__proto__'),
    '6:1 error __proto__: is not a field of a language',
  ],
  ['a merge key', config({ '<<': '{name: x}' }), '6:1 error <<: is not a field of a language'],
  [
    'a bare number as text',
    config({ output: '28782' }),
    '6:9 error output: must be text, not the number 28782; put it in quotes (What must then appear (default: 28782))',
  ],
  [
    '1e3 as text',
    config({ name: '1e3' }),
    '2:7 error name: must be text, not the number 1000; put it in quotes (What people call it)',
  ],
  [
    '0o7 as text',
    config({ name: '0o7' }),
    '2:7 error name: must be text, not the number 7; put it in quotes (What people call it)',
  ],
  ['true as text', config({ name: 'true' }), '2:7 error name: must be text, not true; put it in quotes (What people call it)'],
  [
    'a list for text',
    config({ run: '[a, b]' }),
    '5:6 error run: must be text, not a list (Shell that runs the program; best ends in a prompt that knows its names)',
  ],
  ['text for a list', config({ aliases: 'py' }), '6:10 error aliases: must be a list, not text (Other names that lead to it)'],
  ['nothing at all', config({ repl: '' }), '6:7 error repl: must be text, not empty (Shell that opens a bare prompt)'],
  ['an empty list', config({ needs: '[]' }), '6:8 error needs: must not be empty (Commands that must be there)'],
  [
    'yes for a boolean',
    `${config()}install:\n  disallowCI: yes\n`,
    '7:15 error install.disallowCI: must be true or false, not text (Whether unattended builds leave it out)',
  ],
])('%s is refused with its place and the field’s sentence', (_what, source, problem) => {
  expect(told(source)).toEqual([problem])
})

test('no, on and off are text, as in YAML 1.2', () => {
  expect(checkConfig('toy.yaml', config({ name: 'no' })).config?.name).toBe('no')
  expect(checkConfig('toy.yaml', config({ name: 'on' })).config?.name).toBe('on')
})

test.each([
  ['duplicate keys', `${config()}name: again\n`, '6:1', 'unique'],
  ['a tab as indentation', 'info:\n\tyear: 1999\n', '2:1', 'Tabs are not allowed'],
  ['a second document', `${config()}---\nid: other\n`, '6:1', 'one document'],
  ['an empty file', '', '1:1', 'empty'],
  ['a tag', config({ name: '!!js/function "x"' }), '2:21', 'tag'],
  ['a core tag', config({ name: '!!str 5' }), '2:13', 'tag'],
  ['an anchor', config({ name: '&n Toy' }), '2:10', 'anchor'],
  ['YAML 1.1', `%YAML 1.1\n---\n${config()}`, '1:1', '%YAML'],
  ['an open bracket', config({ aliases: '[a' }), '7:1', ']'],
  ['a text that never ends', config({ name: '"x' }), '2:9', 'quote'],
])('%s is refused', (_what, source, place, words) => {
  expect(told(source)[0]).toMatch(new RegExp(`^${place} error -: .*`))
  expect(told(source)[0]).toContain(words)
})

test('a file of aliases that stand for gigabytes is refused before any is followed', () => {
  const levels = Array.from({ length: 30 }, (_, i) => `  - &a${i + 1} [${`*a${i},`.repeat(9)}]`)
  const began = performance.now()

  expect(told(`x:\n  - &a0 [lol]\n${levels.join('\n')}\n`)).toHaveLength(MISTAKES_MAX)
  expect(performance.now() - began).toBeLessThan(5000)
})

test('an alias to itself is refused', () => {
  expect(told('lsp:\n  init: &a [*a]\n').join()).toContain('alias (*a)')
})

test('brackets a hundred thousand deep are refused', () => {
  expect(checkConfig('toy.yaml', '['.repeat(100_000)).config).toBeUndefined()
  expect(told('['.repeat(100_000)).length).toBeGreaterThan(0)
})

test('a list is not a config', () => {
  expect(told('- id\n')).toEqual(['1:1 error -: the file must be a table of fields, not a list'])
})

test.each(['Python', 'py thon', '..', 'a/b', 'c#', '', 'é', ...RESERVED_IDS])('the id %j is refused', (id) => {
  expect(told(config({ id: JSON.stringify(id) }))[0]).toMatch(/^1:5 error id: /)
})

test('an id is at most 40 characters', () => {
  expect(told(config({ id: 'a'.repeat(LANG_ID_CHARS_MAX) }))).toEqual([])
  expect(told(config({ id: 'a'.repeat(LANG_ID_CHARS_MAX + 1) }))).toEqual([
    expect.stringContaining('must be at most 40 characters'),
  ])
})

test.each(['two words', 'a/b', 'a?b', '..', 'API', 'x\u202ey', ''])('the alias %j is refused', (alias) => {
  expect(told(config({ aliases: `[${JSON.stringify(alias)}]` }))[0]).toMatch(/^6:11 error aliases\.0: /)
})

test('an alias twice, in whatever case, or the id itself is refused', () => {
  expect(told(config({ aliases: '[t, T]' }))).toEqual([
    '6:14 error aliases.1: repeats the name "T" (Other names that lead to it)',
  ])
  expect(told(config({ aliases: '[Toy]' }))[0]).toContain('repeats the name "Toy"')
})

test.each(['../x', '/etc/passwd', '~/x', 'a/../b', './x', 'a//b', 'a/', '1/2/3/4/5/6/7/8/9', '"a\\nb"', '"a\\0b"'])(
  'the file name %s is refused',
  (main) => {
    expect(told(config({ main }))[0]).toMatch(/^3:7 error main: /)
  },
)

test('main may hold folders, shell signs and spaces: it is never shell', () => {
  expect(told(config({ main: '"src/$(id) a.toy"' }))).toEqual([])
})

test('NUL and other control characters are refused, tab and line end are text', () => {
  expect(told(config({ template: '"a\\0b"' }))[0]).toMatch(/^4:11 error template: must not hold NUL/)
  expect(told(config({ name: '"a\\e[31mb"' }))[0]).toMatch(/^2:7 error name: must be one line/)
  expect(told(config({ template: '"a\\tb\\nc"' }))).toEqual([])
})

test.each([
  ['template', TEXT_CHARS_MAX],
  ['run', COMMAND_CHARS_MAX],
  ['prompt', PATTERN_CHARS_MAX],
])('%s is at most %i characters', (field, max) => {
  expect(told(config({ [field]: 'x'.repeat(max) }))).toEqual([])
  expect(told(config({ [field]: 'x'.repeat(max + 1) }))[0]).toContain(`must be at most ${max} characters`)
})

test('a prompt, and a hello with a length, have to compile', () => {
  expect(told(config({ prompt: "'('" }))[0]).toContain('prompt: must be a regular expression that compiles')
  expect(told(config({ hello: "'('" }))).toEqual([])
  expect(told(config({ hello: "'('", helloMaxLength: '5' }))[0]).toContain('hello: must be a regular expression')
})

test('scope.after has to be in the template', () => {
  expect(told(`${config()}scope:\n  code: x\n  after: nowhere\n`)).toEqual([
    expect.stringMatching(/^8:10 error scope\.after: must be part of the template/),
  ])
})

test('a limit is a number within reason', () => {
  expect(told(`${config()}limits: {cpus: 2, memoryMiB: 1024}\n`)).toEqual([])
  expect(told(`${config()}limits: {memoryMiB: 1e9}\n`)[0]).toContain('limits.memoryMiB: must be at most 8192')
  expect(told(`${config()}limits: {cpus: 0}\n`)[0]).toContain('limits.cpus: must be at least 0.1')
})

test('a skipped check without a reason is warned of, and the language works', () => {
  const { config: read, problems } = checkConfig('toy.yaml', config({ skip: '[repl]' }))

  expect(read?.skip).toEqual(['repl'])
  expect(problems).toMatchObject([{ severity: 'warning', line: 6, column: 8, field: 'skip.0' }])
  expect(told(`${config({ skip: '[repl]' })}skipReasons: {repl: It has none}\n`)).toEqual([])
  expect(told(`${config()}skipReasons: {repl: It has none}\n`)[0]).toMatch(/^6:15 warning skipReasons\.repl: gives a reason/)
})

test('shell where a package’s name belongs is told apart from a name', () => {
  expect(told(`${config()}install:\n  pip: ["$(id)"]\n`)[0]).toContain('install.pip.0: must be a plain name')
  expect(told(`${config()}install:\n  npm: ["--global"]\n`)[0]).toContain('install.npm.0: must be a plain name')
})

test('many mistakes are told up to a limit', () => {
  const fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x${i}`, 'y']))

  expect(told(config(fields))).toHaveLength(MISTAKES_MAX)
})

test('a config with every field of the schema is read', () => {
  const whole = `${config()}
aliases: [t]
monacoLang: toy
info: {impl: Toy, version: Toy 1, year: 2000, by: [A Person, Another], desc: A toy, ext: toy, category: [general], mode: compiled, platform: js, syntax: c, typing: [static], paradigm: pure, usage: [], web: {wiki: "https://x.org/w", esolang: "https://x.org/e", home: "https://x.org", impl: "https://x.org/i", source: null}}
install:
  prepare: {preface: a, cert: ["https://x.org/c"], aptKey: [k], aptRepo: [deb x y], apt: [a], npm: [b], opam: [c], manual: d}
  apt: [toy, "$(grep-aptavail x | head -n1)"]
  npm: [a, {name: b, arg: c}]
  pip: ["a[b]"]
  gem: [a]
  cpan: ["A::B"]
  opam: [a, {name: b, source: c, binaries: [d]}]
  deb: [a.deb]
  riju: [shared]
  files: {/opt/toy/x: text}
  scripts: {toy: echo}
  manual: a
  manualInstall: b
  cert: ["https://x.org/c"]
  aptKey: [k]
  aptRepo: [deb x y]
  preface: p
  depends: {strip: [a], unpin: [b]}
  disallowCI: true
shared: [{id: shared, install: {riju: [other], manual: a}}]
prefix: p
suffix: s
createEmpty: ""
setup: s
daemon: d
compile: c
repl: r
hello: Hi
helloInput: ""
helloMaxLength: 5
helloStatus: 0
input: i
output: o
runReplInput: i
runReplOutput: o
scope: {code: c, after: print, input: i, output: o}
ensure: e
timeoutFactor: 2
skip: [lsp]
skipReasons: {lsp: It is slow}
format: {run: f, input: i, output: o}
lsp: {setup: s, start: t, disableDynamicRegistration: true, init: {a: [1]}, config: 5, lang: l, code: c, after: a, item: i}
pkg: {install: add NAME, uninstall: drop NAME, all: list, search: find NAME}
prompt: "> $"
needs: [toy]
versionCommand: toy --version
args: [-x]
limits: {cpus: 1.5}
agent: 1.2.3
owners: ["@toy/owners"]
`
  expect(told(whole)).toEqual([])
})
