import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { hashOf, TOP, unlessDone } from './stamps.ts'

mkdirSync(join(TOP, '.dragoman'), { recursive: true })
const folder = mkdtempSync(join(TOP, '.dragoman', 'stamp-test-'))
const name = relative(join(TOP, '.dragoman'), folder)
afterAll(() => {
  rmSync(folder, { recursive: true })
  rmSync(join(TOP, '.dragoman', 'stamps', name), { force: true })
})

test('work is done again when its inputs change or its result is gone, and only then', async () => {
  const result = join(folder, 'result')
  const make = (inputs: string) =>
    unlessDone(
      name,
      inputs,
      () => existsSync(result),
      async () => writeFileSync(result, inputs),
    )

  expect(await make('a')).toBe(true)
  expect(await make('a')).toBe(false)
  expect(await make('b')).toBe(true)
  rmSync(result)
  expect(await make('b')).toBe(true)
  expect(await make('b')).toBe(false)
})

test('work that failed is not taken for done', async () => {
  const fail = () => Promise.reject(new Error('no'))
  await expect(unlessDone(name, 'c', () => true, fail)).rejects.toThrow('no')
  await expect(unlessDone(name, 'c', () => true, fail)).rejects.toThrow('no')
})

test('the hash knows names and contents of files', () => {
  const patterns = [`${relative(TOP, folder)}/*.txt`]
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  const empty = hashOf(patterns)
  write('a.txt', 'x')
  const one = hashOf(patterns)
  write('a.txt', 'y')
  const changed = hashOf(patterns)
  rmSync(join(folder, 'a.txt'))
  write('b.txt', 'y')
  const renamed = hashOf(patterns)
  expect(new Set([empty, one, changed, renamed]).size).toBe(4)
})
