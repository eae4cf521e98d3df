import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

import { checkConfig } from './check-config.ts'
import type { ConfigProblem } from './config-problem.ts'
import { lintFile, loadLanguages } from './load-languages.ts'
import { loadShared, withShared } from './shared-configs.ts'

const dirs: string[] = []
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true })
})

/** A folder of configs, gone after the test. */
function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'shared-'))
  dirs.push(dir)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), content)
  }
  return dir
}

const language = (riju: string) => `id: toy
name: Toy
main: main.toy
template: hello
run: toy main.toy
install: {riju: ${riju}}
`
const told = (problems: readonly ConfigProblem[]) =>
  problems.map(
    ({ severity, file, line, column, field, message }) =>
      `${file.split('/').slice(3).join('/')}:${line}:${column} ${severity} ${field ?? '-'}: ${message}`,
  )

test('what a language shares is found in its own folder and in those before, the later first', () => {
  const ours = folder({ 'shared/a.yaml': 'id: a\ninstall: {apt: [old]}\n', 'shared/b.yaml': 'id: b\ninstall: {apt: [b1]}\n' })
  const theirs = folder({ 'toy.yaml': language('[a, b]'), 'shared/a.yaml': 'id: a\ninstall: {apt: [new]}\n' })

  expect(loadLanguages([ours, theirs])).toMatchObject({ languages: [{ id: 'toy' }], problems: [] })
  expect(loadShared([ours, theirs]).recipes).toEqual([
    { id: 'a', install: { apt: ['new'] } },
    { id: 'b', install: { apt: ['b1'] } },
  ])
})

test('a shared recipe is checked by the sentences of a language, and is only an id and an install', () => {
  const dir = folder({
    'shared/a.yaml': 'id: a\ninstall:\n  apt: nano\n',
    'shared/b.yaml': 'id: b\nname: B\ninstall: {}\n',
    'shared/c.yaml': 'id: d\ninstall: {manual: curl -O https://a.example/x}\n',
    'shared/e.yaml': 'id: ../e\n',
  })
  expect(told(loadLanguages([dir]).problems)).toEqual([
    'shared/a.yaml:3:8 error install.apt: must be a list, not text (Debian packages)',
    'shared/b.yaml:2:1 error name: is not a field of a shared package',
    'shared/c.yaml:2:19 warning install.manual: fetches without checking what it got',
    'shared/c.yaml:1:5 error id: the file must be called d.yaml: the id is "d"',
    expect.stringContaining('shared/e.yaml:1:5 error id: must be an id of lower-case letters'),
    expect.stringContaining('shared/e.yaml:1:1 error install: is missing'),
  ])
})

test('a name that nobody has, a circle and a long chain are told where they are asked for', () => {
  const long = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`shared/l${n}.yaml`, `id: l${n}\ninstall: {riju: [l${n + 1}]}\n`]))
  const dir = folder({
    ...{ ...long, 'shared/l6.yaml': 'id: l6\ninstall: {}\n' },
    'toy.yaml': language('[a, nobody]'),
    'shared/a.yaml': 'id: a\ninstall: {}\n',
    'shared/b.yaml': 'id: b\ninstall:\n  riju: [a, c]\n',
    'shared/c.yaml': 'id: c\ninstall: {riju: [b]}\n',
  })
  const loaded = loadLanguages([dir])
  expect(loaded.languages).toEqual([])
  const unknown = 'toy.yaml:6:21 error install.riju.1: there is no shared package "nobody"'
  const circle = 'shared/b.yaml:3:13 error install.riju.1: shared packages need themselves: c -> b -> c'
  expect(told(loaded.problems)).toEqual(expect.arrayContaining([unknown, circle]))
  expect(told(lintFile(join(dir, 'toy.yaml'), []))).toEqual([unknown])
  expect(told(lintFile(join(dir, 'shared/b.yaml'), []))).toEqual([circle])

  writeFileSync(join(dir, 'toy.yaml'), language('[l1]'))
  expect(told(lintFile(join(dir, 'toy.yaml'), []))).toEqual([
    'toy.yaml:6:18 error install.riju.0: more than 5 shared packages need one another: l1 -> l2 -> l3 -> l4 -> l5 -> l6',
  ])
})

test('a build is asked for with all that the config shares, and with nothing else', () => {
  const manual = 'echo "\\"quoted\\": # text\\n" > "${pkg}/x"'
  const dir = folder({
    'shared/a.yaml': `id: a\ninstall:\n  riju: [b]\n  manual: |\n    ${manual}\n`,
    'shared/b.yaml': 'id: b\ninstall: {apt: [b1]}\n',
    'shared/idle.yaml': 'id: idle\ninstall: {apt: [c1]}\n',
  })
  const whole = withShared('toy.yaml', language('[a]').trimEnd(), [dir])

  if (!whole.ok) throw new Error(whole.error)
  expect(whole.value.startsWith(language('[a]'))).toBe(true)
  expect(checkConfig('toy.yaml', whole.value).config?.shared).toEqual([
    { id: 'b', install: { apt: ['b1'] } },
    { id: 'a', install: { riju: ['b'], manual: `${manual}\n` } },
  ])
  expect(withShared('toy.yaml', whole.value, [])).toEqual(whole)
  expect(withShared('toy.yaml', language('[nobody]'), [dir])).toEqual({ ok: false, error: 'there is no shared package "nobody"' })
  const alone = language('[a]').replace('riju', 'apt')
  expect(withShared('toy.yaml', alone, [dir])).toEqual({ ok: true, value: alone })
  expect(withShared('toy.yaml', `${language('[a]')}...\n`, [dir])).toMatchObject({ ok: false })
})
