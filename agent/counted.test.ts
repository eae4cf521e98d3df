import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { countFromHere } from './counted.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cgroup-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
}
const unified = (cpu: number, peak: number, held: number, kills: number, refused: number) =>
  write({
    'cpu.stat': `usage_usec ${cpu}\nuser_usec 1\n`,
    'memory.peak': `${peak}\n`,
    'memory.current': `${held}\n`,
    'memory.events': `low 0\noom ${kills}\noom_kill ${kills}\n`,
    'pids.events': `max ${refused}\n`,
  })

test('what came since a job began is counted', () => {
  unified(5_000_000, 1000, 400, 2, 3)
  const count = countFromHere(root)
  unified(5_250_000, 1700, 500, 3, 7)

  expect(count()).toEqual({ cpuMs: 250, peakBytes: 1300, oomKills: 1, forksRefused: 4 })
})

test('an older peak is no job’s', () => {
  unified(0, 1000, 400, 0, 0)
  const count = countFromHere(root)
  unified(1000, 1000, 900, 0, 0)

  expect(count()).toEqual({ cpuMs: 1, oomKills: 0, forksRefused: 0 })
})

test('version 1 of control groups says the same elsewhere', () => {
  const version1 = (cpu: number, kills: number) =>
    write({
      'cpuacct/cpuacct.usage': `${cpu}\n`,
      'memory/memory.max_usage_in_bytes': '100\n',
      'memory/memory.usage_in_bytes': '50\n',
      'memory/memory.oom_control': `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`,
      'pids/pids.events': 'max 0\n',
    })
  version1(1_000_000, 0)
  const count = countFromHere(root)
  version1(4_000_000, 1)

  expect(count()).toEqual({ cpuMs: 3, oomKills: 1, forksRefused: 0 })
})

test('where no control group is shown nothing is counted', () => {
  expect(countFromHere(root)()).toBeUndefined()
})
