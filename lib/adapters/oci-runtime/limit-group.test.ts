import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { makeLimitedGroup } from './limit-group.ts'

const MIB = 1024 * 1024
const limits = { ...DEFAULT_LIMITS, memoryBytes: 96 * MIB, cpus: 0.5, processes: 77 }

/** Folders as the kernel would make them: each with its controller's files. */
async function hierarchies(files: Readonly<Record<string, readonly string[]>>) {
  const top = await mkdtemp(join(tmpdir(), 'dragoman-group-'))
  const group = Object.entries(files).map(([name, own]) => {
    const folder = join(top, name, 'slice', 'sandbox')
    mkdirSync(folder, { recursive: true })
    for (const file of own) for (const at of [folder, join(folder, '..')]) writeFileSync(join(at, file), '')
    return folder
  })
  const values = () =>
    Object.entries(files).flatMap(([name, own]) =>
      own.map((file) => [file, readFileSync(join(top, name, 'slice', 'sandbox', file), 'utf8')]),
    )
  return { group, values, remove: () => rm(top, { recursive: true }) }
}

test('version 2 has one folder with all limits, and no swap', async () => {
  const { group, values, remove } = await hierarchies({ all: ['memory.max', 'memory.swap.max', 'cpu.max', 'pids.max'] })

  expect(await makeLimitedGroup(2, group, limits, true)).toEqual(group)
  expect(Object.fromEntries(values())).toEqual({
    'memory.max': String(96 * MIB),
    'memory.swap.max': '0',
    'cpu.max': '50000 100000',
    'pids.max': '77',
  })
  await remove()
})

test('version 1 has a folder for each, and nobody enters the one for sets of processors', async () => {
  const { group, values, remove } = await hierarchies({
    memory: ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'],
    cpu: ['cpu.cfs_period_us', 'cpu.cfs_quota_us'],
    pids: ['pids.max'],
    cpuset: ['cpuset.cpus'],
  })

  expect(await makeLimitedGroup(1, group, limits, true)).toEqual(group.slice(0, 3))
  expect(Object.fromEntries(values())).toEqual({
    'memory.limit_in_bytes': String(96 * MIB),
    'memory.memsw.limit_in_bytes': String(96 * MIB),
    'cpu.cfs_period_us': '100000',
    'cpu.cfs_quota_us': '50000',
    'pids.max': '77',
    'cpuset.cpus': '',
  })
  await remove()
})

test('swap that the kernel does not count is not limited, and a limit without its file is no limit', async () => {
  const without = await hierarchies({ all: ['memory.max', 'cpu.max', 'pids.max'] })
  const lacking = await hierarchies({ all: ['memory.max', 'cpu.max'] })

  expect(await makeLimitedGroup(2, without.group, limits, false)).toEqual(without.group)
  await expect(makeLimitedGroup(2, lacking.group, limits, false)).rejects.toThrow('no control group has "pids.max"')
  await without.remove()
  await lacking.remove()
})
