import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { follow, stepsOf } from './replace-cluster.ts'

const folder = mkdtempSync(join(tmpdir(), 'replace-'))
afterAll(() => rmSync(folder, { recursive: true }))

const PLAN = {
  ...{ old: 'blue', new: 'green', host: 'play.example.org', address: 'https://green.example.org' },
  ...{ dns: './point', overlay: 'k8s/overlays/production' },
}
const SCRIPT = join(import.meta.dirname, 'replace-cluster.ts')
const ARGS = [
  '--old',
  'blue',
  '--new',
  'green',
  '--host',
  'play.example.org',
  '--address',
  'https://green.example.org',
  '--dns',
  './point',
]

test('without --go it shows the whole way and runs nothing of it', () => {
  // Nothing is on its path: whatever it ran would fail.
  const shown = execFileSync(process.execPath, [SCRIPT, ...ARGS], { encoding: 'utf8', env: { NODE_ENV: 'test', PATH: folder } })

  expect(shown.match(/^\d\. /gm)).toHaveLength(7)
  expect(shown).toContain('   ./point play.example.org 60 new\n')
  expect(shown.indexOf('dragoman restore')).toBeLessThan(shown.indexOf('./point play.example.org 60 new'))
  expect(shown.indexOf('/readyz')).toBeLessThan(shown.indexOf('./point play.example.org 60 new'))
  expect(shown.indexOf('--replicas=0')).toBeGreaterThan(shown.indexOf('sleep 3660'))
})

test('every command is one that a shell takes', () => {
  for (const { commands } of stepsOf({ ...PLAN, old: "it's $(touch x)" })) {
    for (const command of commands) expect(spawnSync('bash', ['-n', '-c', command]).status, command).toBe(0)
  }
})

test('a step that fails is the last, and can be begun with again', () => {
  const log = join(folder, 'log')
  const mark = (word: string) => `echo ${word} >> ${log}`
  const steps = [
    { what: 'one', commands: [mark('one')] },
    { what: 'two', commands: [`test -e ${folder}/mended`, mark('two')] },
    { what: 'three', commands: [mark('three')] },
  ]
  const said: string[] = []
  expect(follow(steps, { from: 1, go: true }, (line) => said.push(line))).toBe(2)
  expect(readFileSync(log, 'utf8')).toBe('one\n')
  expect(said.at(-1)).toContain('--step 2 --go')

  writeFileSync(join(folder, 'mended'), '')
  expect(follow(steps, { from: 2, go: true }, () => undefined)).toBeUndefined()
  expect(readFileSync(log, 'utf8')).toBe('one\ntwo\nthree\n')
})

test('a plan that lacks something is told what there is to say', () => {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, '--old', 'blue'], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toContain('--dns')
})
