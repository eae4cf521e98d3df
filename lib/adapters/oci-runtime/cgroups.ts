import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rmdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { killPid } from './processes.ts'

/**
 * Where this process stands in the kernel's cgroups. Version 1 (also beside an empty version 2: "hybrid") has one hierarchy
 * per controller and this process may stand elsewhere in each; `own` is its folder by controller. Version 2 has one.
 */
export type Cgroups =
  | { readonly version: 1; readonly own: ReadonlyMap<string, string> }
  | { readonly version: 2; readonly own: string; readonly mount: string }

/** A group's folders: one per hierarchy. */
export type Group = readonly string[]

/** Controllers without which a limit would be a wish. */
export const NEEDED_CONTROLLERS = ['memory', 'cpu', 'cpuacct', 'pids']

/** A group that is being left is busy for a moment; longer means that something in it does not die. */
const EMPTY_MS_MAX = 2000
const EMPTY_STEP_MS = 4

export function findCgroups(mountinfo = readProc('mountinfo'), membership = readProc('cgroup')): Cgroups {
  const places = membership.trim().split('\n').map(parseMembership)
  const mounts = mountinfo.trim().split('\n').flatMap(parseCgroupMount)
  const own = new Map<string, string>()
  for (const mount of mounts.filter(({ type }) => type === 'cgroup')) {
    for (const controller of mount.options) {
      const path = places.find(({ controllers }) => controllers.includes(controller))?.path
      if (path !== undefined) own.set(controller, join(mount.at, relative(mount.root, path)))
    }
  }
  const unified = mounts.find(({ type }) => type === 'cgroup2')
  if (!unified) return { version: 1, own }
  const path = places.find(({ controllers }) => controllers.length === 0)?.path ?? '/'
  const folder = join(unified.at, relative(unified.root, path))
  if (!own.has('memory')) return { version: 2, own: folder, mount: unified.at }
  return { version: 1, own: own.set('unified', folder) } // runtimes make a group there too
}

/** The folders of the group of this name below our own. */
export function groupBelow(cgroups: Cgroups, name: string): Group {
  return cgroups.version === 2 ? [join(cgroups.own, name)] : [...new Set([...cgroups.own.values()].map((own) => join(own, name)))]
}

/** Kills whatever is in the group until nothing is, and removes it. False when something in it would not die. */
export async function removeGroup(group: Group): Promise<boolean> {
  const deadline = performance.now() + EMPTY_MS_MAX
  let left = group.filter((folder) => existsSync(folder))
  while (left.length > 0) {
    for (const folder of left) for (const pid of pidsIn(folder)) killPid(pid)
    const removed = await Promise.all(left.map(removeFolder))
    left = left.filter((_, i) => !removed[i])
    if (left.length === 0) return true
    if (performance.now() > deadline) return false
    await delay(EMPTY_STEP_MS)
  }
  return true
}

/** Names of the groups in this folder. */
export function groupsIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
}

export function pidsIn(folder: string): number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(Number)
      .filter((pid) => pid > 0)
  } catch {
    return []
  }
}

async function removeFolder(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return true
    if (code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error
    for (const inner of groupsIn(folder).map((name) => join(folder, name))) {
      for (const pid of pidsIn(inner)) killPid(pid)
      await removeFolder(inner)
    }
    return false
  }
}

export async function makeGroup(group: Group): Promise<void> {
  for (const folder of group) await mkdir(folder, { recursive: true })
}

export const writeControl = (folder: string, file: string, value: string | number) =>
  writeFileSync(join(folder, file), String(value))

const readProc = (name: string) => readFileSync(`/proc/self/${name}`, 'utf8')

function parseMembership(line: string): { controllers: string[]; path: string } {
  const [, controllers = '', ...path] = line.split(':')
  return { controllers: controllers.split(',').filter(Boolean), path: path.join(':') }
}

/** `36 35 0:31 <root> <at> <options> … - <type> <source> <super options>` */
function parseCgroupMount(line: string): { type: string; root: string; at: string; options: string[] }[] {
  const [left = '', right = ''] = line.split(' - ')
  const [, , , root = '/', at = ''] = left.split(' ')
  const [type = '', , options = ''] = right.split(' ')
  return type.startsWith('cgroup') ? [{ type, root, at, options: options.split(',') }] : []
}
