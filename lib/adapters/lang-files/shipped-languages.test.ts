import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { langId } from '#lib/domain/ids.ts'
import { langConfig } from '#lib/domain/lang-config.ts'

import { loadLanguages } from './load-languages.ts'

const LANGS = join(import.meta.dirname, '../../../langs')

test('every language that comes along loads without a problem', () => {
  const loaded = loadLanguages([LANGS])

  expect(loaded.problems).toEqual([])
  expect(loaded.languages.length).toBeGreaterThanOrEqual(50)
})

/** Their prompt is silence: they print nothing while they wait. */
const SILENT = new Set(['aplus', 'bc', 'dc', 'forth'])

test.each(loadLanguages([LANGS]).languages.map((language) => [language.id, language] as const))(
  '%s says what it needs, what it is, and how it is checked',
  (id, { checks, needs, info, ensure, versionCommand, template, ...language }) => {
    expect(langId(id)).toBe(id)
    expect(needs).not.toEqual([])
    expect(ensure).toBeDefined()
    expect(versionCommand).toBeDefined()
    expect(template.length).toBeLessThan(700)
    expect(info).toMatchObject({
      by: expect.any(Array),
      impl: expect.any(String),
      desc: expect.stringMatching(/[^.]$/),
      year: expect.any(Number),
      ext: expect.any(Array),
      category: expect.any(Array),
      mode: expect.any(Array),
      paradigm: expect.any(Array),
      web: { wiki: expect.any(String) },
    })
    // A prompt without its pattern is found by silence alone, which is slow and wrong at times.
    expect(language.prompt !== undefined).toBe(language.repl !== undefined && !SILENT.has(id))
    expect(checks.skipped).toEqual([])
    expect(checks.declared).toEqual([
      ...['ensure', 'run'],
      ...(language.repl === undefined ? [] : ['repl', 'runrepl', 'scope']),
      ...(language.format === undefined ? [] : ['format']),
      ...(language.lsp === undefined ? [] : ['lsp']),
    ])
    expect(checks.hello).toBe('Hello, world!')
  },
)

test('there are languages of every kind, and formatters and servers for many', () => {
  const { languages } = loadLanguages([LANGS])
  const kinds = new Set(
    languages.flatMap(({ info: { category = [], paradigm = [], mode = [] } }) => [...category, ...paradigm, ...mode]),
  )

  expect([...KINDS].filter((kind) => !kinds.has(kind))).toEqual([])
  expect(languages.filter(({ format }) => format !== undefined).length).toBeGreaterThanOrEqual(12)
  expect(new Set(languages.flatMap(({ lsp }) => lsp?.start ?? [])).size).toBeGreaterThanOrEqual(9)
})

const KINDS =
  'general shell tool database markup assembly esoteric compiled interpreted functional logic array object-oriented'.split(' ')

test('what a config takes from npm is in the manifest that set-up installs', () => {
  const manifest = readFileSync(join(LANGS, 'tools', 'package.json'), 'utf8')
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> }
  const wanted = readdirSync(LANGS)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => langConfig.parse(parse(readFileSync(join(LANGS, file), 'utf8'))).install?.npm ?? [])
    .map((entry) => (typeof entry === 'string' ? entry : entry.name))

  // By npm itself recipes install the rest.
  expect(new Set([...wanted, 'npm'])).toEqual(new Set(Object.keys(dependencies)))
})
