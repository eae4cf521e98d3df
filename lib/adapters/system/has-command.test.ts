import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { hasCommand } from './has-command.ts'

const dir = mkdtempSync(join(tmpdir(), 'path-'))
afterAll(() => rmSync(dir, { recursive: true }))

writeFileSync(join(dir, 'tool'), '', { mode: 0o755 })
writeFileSync(join(dir, 'data'), '', { mode: 0o644 })
mkdirSync(join(dir, 'folder'), { mode: 0o755 })
symlinkSync('tool', join(dir, 'link'))
symlinkSync('nowhere', join(dir, 'dangling'))

test.each([
  ['tool', true],
  ['link', true],
  ['data', false],
  ['folder', false],
  ['dangling', false],
  ['absent', false],
  ['../tool', false],
  ['', false],
])('%j is a command: %s', (name, is) => {
  expect(hasCommand(name, `/nonexistent:${dir}`)).toBe(is)
})

test('the shell is on the path of sandboxes', () => {
  expect(hasCommand('sh')).toBe(true)
})
