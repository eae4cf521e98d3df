import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { measureTree } from './package-tree.ts'

let tree: string
const never = new AbortController().signal
beforeEach(() => void (tree = mkdtempSync(join(tmpdir(), 'tree-'))))
afterEach(() => rmSync(tree, { recursive: true }))

test('files, folders and links may be in a package, wherever the links point', async () => {
  mkdirSync(join(tree, 'a/b'), { recursive: true })
  writeFileSync(join(tree, 'a/b/file'), 'four')
  symlinkSync('/', join(tree, 'a/b/all'))
  expect(await measureTree(tree, never)).toEqual({ ok: true, value: { bytes: 4 } })
})

test('another kind of thing is refused by its path', async () => {
  execFileSync('mkfifo', [join(tree, 'new\nline')])
  const why = '"new\\nline" is no file, folder or link'
  expect(await measureTree(tree, never)).toEqual({ ok: false, error: { code: 'bad_package', why } })
})

test('a link in place of the folder is refused, and not followed', async () => {
  symlinkSync('/etc', join(tree, 'link'))
  expect(await measureTree(join(tree, 'link'), never)).toMatchObject({ error: { why: 'its content is no folder' } })
  expect(await measureTree(join(tree, 'none'), never)).toMatchObject({ error: { why: 'its content is no folder' } })
})

test.each([
  ['bytes', { entriesMax: 9, bytesMax: 3, depthMax: 9 }, 'its files have more than 3 bytes'],
  ['entries', { entriesMax: 2, bytesMax: 9, depthMax: 9 }, 'it has more than 2 entries'],
  ['folders in folders', { entriesMax: 9, bytesMax: 9, depthMax: 1 }, 'it is deeper than 1 folders'],
])('too many %s are refused', async (_, limits, why) => {
  mkdirSync(join(tree, 'a/b'), { recursive: true })
  writeFileSync(join(tree, 'a/b/file'), 'four')
  expect(await measureTree(tree, never, limits)).toEqual({ ok: false, error: { code: 'bad_package', why } })
})
