import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { Limits } from '#lib/domain/limits.ts'

import type { Actor } from './actor.ts'
import { processesBeside, type HostProcess } from './processes.ts'
import { sh } from './programs.ts'

/** What the host sees of one sandbox. */
export type Box = {
  readonly agentPid: number
  /** As many processes as it may have at once; threads count. */
  readonly processesMax: number
  /** The living and the dead in it. */
  processes(): HostProcess[]
  /** A number that the kernel keeps for the sandbox's group; the first of the names that is there. */
  count(...names: readonly ControlName[]): number
  /** Processor time of everything in it so far. */
  cpuMs(): number
  /** Host pids of everything in it. */
  pids(): number[]
  /** Throws unless these limits are in force: no bomb goes off before. */
  assertLimits(limits: Limits): void
}

/** A control file, or `file key` for a line of one. Version 2 and version 1 name the same thing differently. */
type ControlName = string
export const MEMORY: readonly ControlName[] = ['memory.current', 'memory.usage_in_bytes']
export const MEMORY_MAX: readonly ControlName[] = ['memory.max', 'memory.limit_in_bytes']
export const OOM_KILLS: readonly ControlName[] = ['memory.events oom_kill', 'memory.oom_control oom_kill']

/** Where groups are, of either version. */
export const CGROUPS = '/sys/fs/cgroup'
const US_PER_MS = 1e3
const NS_PER_MS = 1e6

type Saved = { readonly place: number; readonly group: readonly string[]; readonly init?: { readonly pid: number } }

/** The sandbox of this actor, known by the ids that its own programs are shown to have on the host. */
export async function boxOf(actor: Actor, dataDir: string): Promise<Box> {
  const { output } = await actor.run(sh('cat /proc/self/uid_map'))
  const agentUid = Number(/^\s*0\s+(\d+)\s+1\s*$/m.exec(output)?.[1])
  const pid = (saved: Saved) => saved.init?.pid
  const saved = savedIn(dataDir).find((one) => uidOf(pid(one)) === agentUid)
  if (!saved?.init) throw new Error(`No sandbox with the host id ${agentUid}: ${output}`)
  return boxAt(saved.init.pid, saved.group)
}

/** Of the groups that it is in, each by its folder; `isCountedOutside` where its processes are counted by the group around it. */
export function boxAt(agentPid: number, group: readonly string[], { isCountedOutside = false } = {}): Box {
  const processesMax = Math.min(...group.flatMap(withOuter).map((folder) => read(join(folder, 'pids.max')) ?? Infinity))
  const box: Box = {
    agentPid,
    processesMax,
    processes: processesBeside(agentPid),
    count(...names) {
      for (const name of names) {
        const [file = '', key] = name.split(' ')
        const folder = group.find((one) => existsSync(join(one, file)))
        // Kernels count a refusal where it was asked for, or where the limit stands.
        const folders = folder && isCountedOutside && file.startsWith('pids.') ? [folder, dirname(folder)] : [folder ?? []].flat()
        if (folder) return Math.max(...folders.map((one) => read(join(one, file), key) ?? Infinity))
      }
      throw new Error(`The group has none of ${names.join(', ')}`)
    },
    cpuMs: () => {
      const isUnified = group.some((folder) => existsSync(join(folder, 'cpu.max')))
      return isUnified ? box.count('cpu.stat usage_usec') / US_PER_MS : box.count('cpuacct.usage') / NS_PER_MS
    },
    pids() {
      const files = group.map((folder) => join(folder, 'cgroup.procs')).filter((file) => existsSync(file))
      return [...new Set(files.flatMap((file) => readFileSync(file, 'latin1').split('\n').filter(Boolean).map(Number)))]
    },
    assertLimits(limits) {
      const inForce = { memory: box.count(...MEMORY_MAX), processes: processesMax, cpus: cpusOf(group) }
      const { memoryBytes: memory, processes, cpus } = limits
      const isCounted = isCountedOutside ? Number.isFinite(processesMax) : processesMax === processes
      if (inForce.memory !== memory || !isCounted || inForce.cpus !== cpus) {
        throw new Error(`Limits are not in force: ${JSON.stringify({ inForce, wanted: { memory, processes, cpus } })}`)
      }
    },
  }
  return box
}

/** A folder and those that it is in, below the root of all groups. */
const withOuter = (folder: string): string[] => (folder.startsWith(`${CGROUPS}/`) ? [folder, ...withOuter(dirname(folder))] : [])

/** A control file's number, or that of a line of it; undefined where there is none, or no limit. */
function read(file: string, key?: string): number | undefined {
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'latin1')
  const value = key === undefined ? text.split(' ')[0] : new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1]
  return value?.trim() === 'max' ? undefined : Number(value)
}

function cpusOf(group: readonly string[]): number {
  const text = (name: string) => {
    const folder = group.find((one) => existsSync(join(one, name)))
    return folder && readFileSync(join(folder, name), 'latin1').trim()
  }
  const [quota, period] = text('cpu.max')?.split(' ') ?? [text('cpu.cfs_quota_us'), text('cpu.cfs_period_us')]
  return Number(quota) / Number(period)
}

function savedIn(dataDir: string): Saved[] {
  const live = join(dataDir, 'sandboxes', 'live')
  return readdirSync(live).flatMap((id) => {
    try {
      return [JSON.parse(readFileSync(join(live, id, 'sandbox.json'), 'utf8')) as Saved]
    } catch {
      return [] // it is just being made or removed
    }
  })
}

/** Of the process, on the host; undefined when it is gone. */
function uidOf(pid: number | undefined): number | undefined {
  try {
    return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
  } catch {
    return undefined
  }
}
