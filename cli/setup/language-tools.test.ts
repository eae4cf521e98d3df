import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { TOP } from './stamps.ts'

type Entry = { resolved?: string; integrity?: string; inBundle?: boolean; os?: string[]; cpu?: string[]; optional?: boolean }

const read = (name: string) => JSON.parse(readFileSync(join(TOP, 'langs', 'tools', name), 'utf8')) as unknown
const manifest = read('package.json') as { dependencies: Record<string, string> }
const lock = read('package-lock.json') as { packages: Record<string, Entry> }
const { '': own, ...packages } = lock.packages

test('the tools have exact versions, and the lock file is of this manifest', () => {
  expect(Object.values(manifest.dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  expect(own).toMatchObject({ dependencies: manifest.dependencies })
})

test('every package is known by its hash and by no address, so that it may come from any registry', () => {
  const entries = Object.entries(packages)
  expect(entries.length).toBeGreaterThan(50)
  expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
  // What comes inside of another package has that one's.
  expect(
    entries.filter(([, { integrity, inBundle }]) => !inBundle && !integrity?.startsWith('sha512-')).map(([path]) => path),
  ).toEqual([])
})

test('nothing needed is for one kind of machine alone: one lock serves them all', () => {
  const kinds = Object.entries(packages).filter(([, { os, cpu, optional }]) => !optional && (os ?? cpu) !== undefined)
  expect(kinds.map(([path]) => path)).toEqual([])
})
