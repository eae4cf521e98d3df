import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, expect, test } from 'vitest'

import { FILE_BYTES_MAX } from './config-files.ts'
import { loadLanguages } from './load-languages.ts'

const dirs: string[] = []

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true })
})

/** A folder of files, gone after the test. */
function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'langs-'))
  dirs.push(dir)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content)
  return dir
}

const yaml = (id: string, more = '', name = id.toUpperCase()) =>
  `id: ${id}\nname: ${name}\nmain: main.${id.replaceAll('+', 'p')}\ntemplate: hello\nrun: ${id} main\n${more}`

const ids = (loaded: ReturnType<typeof loadLanguages>) => loaded.languages.map(({ id }) => id)
const told = (loaded: ReturnType<typeof loadLanguages>) =>
  loaded.problems.map(
    ({ file, line, column, field, message }) => `${file.split('/').at(-1)}:${line}:${column} ${field ?? '-'}: ${message}`,
  )

test('a file that is wrong takes no other down', () => {
  const dir = folder({ 'a.yaml': yaml('a'), 'bad.yaml': 'id: bad\n\tx', 'c.yaml': yaml('c') })

  const loaded = loadLanguages([dir])

  expect(ids(loaded)).toEqual(['a', 'c'])
  expect(new Set(loaded.problems.map(({ file }) => file))).toEqual(new Set([join(dir, 'bad.yaml')]))
})

test('languages come by name, whatever their files are called', () => {
  const dir = folder({ 'a.yaml': yaml('a', '', 'Zed'), 'z.yaml': yaml('z', '', 'alpha') })

  expect(ids(loadLanguages([dir]))).toEqual(['z', 'a'])
})

test('the file is named by the id', () => {
  const dir = folder({ 'a.yaml': yaml('b'), 'c.yml': yaml('c') })

  expect(told(loadLanguages([dir]))).toEqual([
    'a.yaml:1:5 id: the file must be called b.yaml: the id is "b"',
    'c.yml:1:5 id: the file must be called c.yaml: configs end in .yaml',
  ])
})

test('of two languages of a folder that want one name, whatever its case, the id or the first keeps it', () => {
  const dir = folder({
    'a.yaml': yaml('a', 'aliases: [same]\n'),
    'b.yaml': yaml('b', 'aliases: [b1, other]\n'),
    'c.yaml': yaml('c', 'aliases: [c1, OTHER]\n'),
    'same.yaml': yaml('same'),
  })

  const loaded = loadLanguages([dir])

  expect(ids(loaded)).toEqual(['b', 'same'])
  expect(told(loaded)).toEqual([
    `a.yaml:6:11 aliases.0: "same" is already a name of same (${join(dir, 'same.yaml')})`,
    `c.yaml:6:15 aliases.1: "OTHER" is already a name of b (${join(dir, 'b.yaml')})`,
  ])
})

test('between folders an id goes before an alias, then the later folder before the earlier, and nobody is left out', () => {
  const ours = folder({ 'bash.yaml': yaml('bash', 'aliases: [gnu, sh, x]\n'), 'js.yaml': yaml('js') })
  const theirs = folder({ 'node.yaml': yaml('node', 'aliases: [js, x]\n'), 'sh.yaml': yaml('sh') })

  const loaded = loadLanguages([ours, theirs])

  expect(loaded.languages.map(({ id, aliases }) => [id, ...aliases])).toEqual([['bash', 'gnu'], ['js'], ['node', 'x'], ['sh']])
  expect(loaded.problems.every(({ severity }) => severity === 'warning')).toBe(true)
  expect(told(loaded)).toEqual([
    `node.yaml:6:11 aliases.0: "js" is already a name of js (${join(ours, 'js.yaml')})`,
    `bash.yaml:6:16 aliases.1: "sh" is already a name of sh (${join(theirs, 'sh.yaml')})`,
    `bash.yaml:6:20 aliases.2: "x" is already a name of node (${join(theirs, 'node.yaml')})`,
  ])
})

test('a later folder replaces a language, and keeps it when the replacement is wrong', () => {
  const ours = folder({ 'a.yaml': yaml('a', 'aliases: [x]\n'), 'b.yaml': yaml('b') })
  const theirs = folder({ 'a.yaml': yaml('a', 'aliases: [x]\n', 'Mine'), 'b.yaml': 'id: b\n' })

  const loaded = loadLanguages([ours, theirs])

  expect(loaded.languages.map(({ name }) => name)).toEqual(['B', 'Mine'])
  expect(loaded.problems.every(({ file }) => file === join(theirs, 'b.yaml'))).toBe(true)
})

test('a folder that is not there is told about', () => {
  expect(told(loadLanguages([folder({}), '/nonexistent/langs']))).toEqual(['langs:1:1 -: the file cannot be read: ENOENT'])
})

test('what is not a file of text within the limit is told about and not waited for', () => {
  const dir = folder({
    'bytes.yaml': new Uint8Array([0x69, 0x64, 0x3a, 0xff]),
    'exact.yaml': `${yaml('exact')}#${'x'.repeat(FILE_BYTES_MAX - yaml('exact').length - 1)}`,
    'large.yaml': `${yaml('large')}#${'x'.repeat(FILE_BYTES_MAX - yaml('large').length)}`,
    'notes.txt': 'not a config',
    '.hidden.yaml': 'not a config',
  })
  mkdirSync(join(dir, 'folder.yaml'))
  symlinkSync('nowhere', join(dir, 'link.yaml'))
  execFileSync('mkfifo', [join(dir, 'pipe.yaml')])

  const loaded = loadLanguages([dir])

  expect(ids(loaded)).toEqual(['exact'])
  expect(told(loaded)).toEqual([
    'bytes.yaml:1:1 -: the file is not UTF-8',
    'folder.yaml:1:1 -: the file is not a regular file',
    'large.yaml:1:1 -: the file is larger than 256 KiB',
    'link.yaml:1:1 -: the file cannot be read: ENOENT',
    'pipe.yaml:1:1 -: the file is not a regular file',
  ])
})
