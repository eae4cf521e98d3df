import { existsSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join, relative } from 'node:path'

import { groupBelow, makeGroup, NEEDED_CONTROLLERS, pidsIn, writeControl, type Cgroups, type Group } from './cgroups.ts'

/** What all sandboxes together may hold of the machine's memory, unless an option says otherwise. */
export const MEMORY_SHARE = 0.7
/** Half of what one group or task of the control plane weighs: when processors are scarce, it goes first. */
export const CPU_SHARES = 512
const CPU_WEIGHT = 50 // the same in version 2, where 100 is the default

/** The group above all sandboxes of one instance: the last wall between them and the control plane. */
export type Slice = {
  readonly group: Group
  /** The group of the sandbox of this name, and how a runtime is told of it. */
  below(name: string): { readonly group: Group; readonly cgroupsPath: string }
  readonly countsSwap: boolean
}

export async function openSlice(cgroups: Cgroups, instance: string, memoryBytes?: number): Promise<Slice> {
  const name = `dragoman-${instance}`
  const limit = memoryBytes ?? Math.floor(totalmem() * MEMORY_SHARE)
  if (cgroups.version === 2) await delegate(cgroups.own, instance)
  const group = groupBelow(cgroups, name)
  await makeGroup(group)
  const countsSwap = cgroups.version === 2 ? limitUnified(group[0] ?? '', limit) : limitV1(cgroups.own, name, limit)
  return {
    group,
    countsSwap,
    below: (id) => ({
      group: groupBelow(cgroups, join(name, id)),
      // Version 1: relative to the runtime's own group, which it has from us, in each hierarchy.
      cgroupsPath: cgroups.version === 2 ? `/${relative(cgroups.mount, join(cgroups.own, name, id))}` : join(name, id),
    }),
  }
}

/** This start's slice and those of earlier ones, which stood elsewhere if the server was started from another group. */
export async function rememberSlice(file: string, group: Group): Promise<Group> {
  const earlier = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Group,
    () => [],
  )
  const all = [...new Set([...group, ...earlier.filter((folder) => existsSync(folder))])]
  await writeFile(file, JSON.stringify(all))
  return all
}

function limitV1(own: ReadonlyMap<string, string>, name: string, limit: number): boolean {
  const memory = join(own.get('memory') ?? '', name)
  const swap = join(memory, 'memory.memsw.limit_in_bytes')
  const countsSwap = existsSync(swap)
  // Memory may never be above memory and swap together: widen that first, then set both.
  if (countsSwap) writeControl(memory, 'memory.memsw.limit_in_bytes', -1)
  writeControl(memory, 'memory.limit_in_bytes', limit)
  if (countsSwap) writeControl(memory, 'memory.memsw.limit_in_bytes', limit)
  writeControl(join(own.get('cpu') ?? '', name), 'cpu.shares', CPU_SHARES)
  return countsSwap
}

function limitUnified(folder: string, limit: number): boolean {
  writeControl(folder, 'cgroup.subtree_control', '+memory +cpu +pids')
  writeControl(folder, 'memory.max', limit)
  writeControl(folder, 'cpu.weight', CPU_WEIGHT)
  const countsSwap = existsSync(join(folder, 'memory.swap.max'))
  if (countsSwap) writeControl(folder, 'memory.swap.max', 0)
  return countsSwap
}

/** Version 2 lets a group have controlled children only when no process is in it: ours moves to a leaf beside them. */
async function delegate(own: string, instance: string): Promise<void> {
  try {
    writeControl(own, 'cgroup.subtree_control', '+memory +cpu +pids')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    const leaf = join(own, `dragoman-control-${instance}`)
    await makeGroup([leaf])
    for (const pid of pidsIn(own)) writeControl(leaf, 'cgroup.procs', pid)
    writeControl(own, 'cgroup.subtree_control', '+memory +cpu +pids')
  }
}

/** Controllers that this machine does not give us. */
export function missingControllers(cgroups: Cgroups): string[] {
  if (cgroups.version === 1) return NEEDED_CONTROLLERS.filter((name) => !cgroups.own.has(name))
  const here = readFileSync(join(cgroups.own, 'cgroup.controllers'), 'utf8').trim().split(' ')
  return ['memory', 'cpu', 'pids'].filter((name) => !here.includes(name))
}
