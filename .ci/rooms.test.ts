import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { parseSync } from 'oxc-parser'
import { expect, test } from 'vitest'

import { ROOMS } from './rooms.ts'

const files = globSync('{lib,app,agent,runner,cli,k8s}/**/*.{ts,tsx}').filter((file) => !/\.(test|contract)\./.test(file))

test('every import stays within its room', () => {
  expect(files.flatMap(strayImports)).toEqual([])
})

test('every file is in a room', () => {
  expect(files.length).toBeGreaterThan(10)
  expect(files.filter((file) => !roomOf(file))).toEqual([])
})

type Room = { may: readonly string[]; npm: readonly string[] }

function strayImports(file: string): string[] {
  const room = roomOf(file)
  const { may, npm }: Room = room ? ROOMS[room] : { may: [], npm: [] }
  const allowed = (spec: string) => {
    if (spec.startsWith('node:')) return true
    const path = spec.startsWith('#') ? spec.slice(1) : spec.startsWith('.') ? posix.join(posix.dirname(file), spec) : undefined
    if (path) return roomOf(path) === room || may.some((prefix) => path.startsWith(prefix))
    return npm.some((name) => name === '*' || spec === name || spec.startsWith(`${name.replace('/*', '')}/`))
  }
  return importsOf(file)
    .filter((spec) => !allowed(spec))
    .map((spec) => `${file} -> ${spec}`)
}

function importsOf(file: string): string[] {
  const { staticImports, staticExports } = parseSync(file, readFileSync(file, 'utf8')).module
  return [
    ...staticImports.map((i) => i.moduleRequest.value),
    ...staticExports.flatMap((e) => e.entries.flatMap((x) => x.moduleRequest?.value ?? [])),
  ]
}

function roomOf(path: string): keyof typeof ROOMS | undefined {
  const rooms = Object.keys(ROOMS) as (keyof typeof ROOMS)[]
  return rooms.filter((room) => path.startsWith(room)).sort((a, b) => b.length - a.length)[0]
}
