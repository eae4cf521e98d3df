import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Limits } from '#lib/domain/limits.ts'

import { CPU_PERIOD_US } from './bundle.ts'
import { makeGroup, writeControl, type Group } from './cgroups.ts'

/**
 * Makes a sandbox's group with its limits, for a runtime that puts nothing into groups itself; answers the folders to enter.
 * A new group of version 1's `cpuset` has no processor and nobody may enter it: that hierarchy limits nothing here.
 */
export async function makeLimitedGroup(version: 1 | 2, group: Group, limits: Limits, countsSwap: boolean): Promise<Group> {
  const folders = group.filter((folder) => !(version === 1 && existsSync(join(dirname(folder), 'cpuset.cpus'))))
  await makeGroup(folders)
  const quota = Math.round(limits.cpus * CPU_PERIOD_US)
  const swap = { 1: ['memory.memsw.limit_in_bytes', limits.memoryBytes], 2: ['memory.swap.max', 0] } as const
  const values = {
    1: [
      ['memory.limit_in_bytes', limits.memoryBytes],
      ['cpu.cfs_period_us', CPU_PERIOD_US],
      ['cpu.cfs_quota_us', quota],
    ],
    2: [
      ['memory.max', limits.memoryBytes],
      ['cpu.max', `${quota} ${CPU_PERIOD_US}`],
    ],
  } as const
  for (const [file, value] of [
    ...values[version],
    ...(countsSwap ? [swap[version]] : []),
    ['pids.max', limits.processes] as const,
  ]) {
    writeControl(folderWith(folders, file), file, value)
  }
  return folders
}

function folderWith(group: Group, file: string): string {
  const folder = group.find((candidate) => existsSync(join(candidate, file)))
  if (folder === undefined) throw new Error(`Cannot limit a sandbox: no control group has "${file}"`)
  return folder
}
