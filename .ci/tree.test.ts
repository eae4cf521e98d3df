import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'

import { type Option, OPTIONS } from '#lib/config/table.ts'

const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && statSync(file, { throwIfNoEntry: false })?.isFile())
const texts = files
  .filter((file) => !/\.(png|ico|woff2?|svg)$/.test(file))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }))

test('no file names the folder that this checkout happens to be in', () => {
  expect(texts.length).toBeGreaterThan(50)
  expect(texts.filter(({ text }) => text.includes(process.cwd())).map(({ file }) => file)).toEqual([])
})

test('every DRAGOMAN_ name that is set or read somewhere is an option, or one of the few that are not', () => {
  const known = new Set([...Object.values<Option<unknown>>(OPTIONS).map(({ env }) => env), ...NOT_OPTIONS])
  const used = texts.flatMap(({ file, text }) =>
    [...text.matchAll(/\bDRAGOMAN_[A-Z_]*[A-Z]\b/g)].map(([name]) => ({ file, name })),
  )
  expect(used.filter(({ file, name }) => !known.has(name) && !MADE_UP.has(file))).toEqual([])
})

/** Where browser tests find the server; what a sandbox tells its agent; what the command line shows other servers. */
const NOT_OPTIONS = [
  'DRAGOMAN_URL',
  'DRAGOMAN_KEY_SHA',
  'DRAGOMAN_HANDED',
  'DRAGOMAN_PORT',
  'DRAGOMAN_ONE_ID',
  'DRAGOMAN_OPEN_FILES',
  'DRAGOMAN_TOKEN',
]
/** Files that need a name nobody has. */
const MADE_UP = new Set(['lib/config/options.test.ts'])

test('package.json names exact versions only', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies']
  const versions = kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {}))
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
})

test('the lock file says where nothing comes from but the public registry', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { resolved?: string }> }
  const resolved = Object.values(lock.packages).flatMap((entry) => entry.resolved ?? [])
  expect(resolved.filter((url) => !url.startsWith('https://registry.npmjs.org/'))).toEqual([])
})

test('the lock file names every optional package, also of other platforms: `npm ci` refuses one that does not', () => {
  type Entry = { optionalDependencies?: Record<string, string> }
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Entry> }
  const names = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)))
  const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.entries(optionalDependencies))
  expect(wanted.filter(([name, version]) => exact.test(version) && !names.has(name))).toEqual([])
})
