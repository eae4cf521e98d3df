import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { hashOf, sysctls } from './sysctls.ts'

function world() {
  const root = mkdtempSync(join(tmpdir(), 'sysctls-'))
  for (const folder of ['kernel/random', 'fs', 'vm']) mkdirSync(join(root, folder), { recursive: true })
  const write = (path: string, value: string) => writeFileSync(join(root, path), value)
  write('kernel/core_pattern', 'core')
  write('kernel/ns_last_pid', '1')
  write('kernel/random/entropy_avail', '256')
  write('fs/file-nr', '1 0 2')
  return { write, hash: () => hashOf(sysctls(root)), [Symbol.dispose]: () => rmSync(root, { recursive: true }) }
}

test('a changed setting changes the hash', () => {
  using here = world()
  const before = here.hash()
  here.write('kernel/core_pattern', '|/tmp/handler')

  expect(here.hash()).not.toBe(before)
})

test('numbers that move by themselves do not', () => {
  using here = world()
  const before = here.hash()
  here.write('kernel/ns_last_pid', '2')
  here.write('kernel/random/entropy_avail', '255')
  here.write('fs/file-nr', '2 0 2')

  expect(here.hash()).toBe(before)
})

test("the machine's own settings stay the same while nobody changes them", () => {
  expect(sysctls().size).toBeGreaterThan(100)
  expect(hashOf(sysctls())).toBe(hashOf(sysctls()))
})
