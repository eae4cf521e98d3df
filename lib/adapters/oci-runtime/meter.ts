import { closeSync, existsSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import type { Meter } from '#lib/application/ports/sandboxes.ts'

import { writeControl, type Group } from './cgroups.ts'

/** Reads what the kernel counts of one sandbox. `close` may be called twice. */
export type GroupMeter = {
  mark(): void
  /** Undefined once the group is gone. */
  read(): Meter | undefined
  close(): void
}

type Counted = { cpuMs: number; peakBytes: number; heldBytes: number; oomKills: number; forksRefused: number }
type Counters = { reset(): void; count(): Counted; close(): void }

const NS_PER_MS = 1e6
const US_PER_MS = 1e3

/** `peakBytes` is what was held above what was held at the mark. */
export function meterOf(version: 1 | 2, group: Group): GroupMeter {
  const counters = version === 2 ? unifiedCounters(group[0] ?? '') : v1Counters(group)
  let base: Counted | undefined
  return {
    mark: () => void absent(() => (counters.reset(), (base = counters.count()))),
    read: () =>
      absent(() => {
        const now = counters.count()
        return {
          cpuMs: now.cpuMs - (base?.cpuMs ?? 0),
          peakBytes: Math.max(0, now.peakBytes - (base?.heldBytes ?? 0)),
          oomKills: now.oomKills - (base?.oomKills ?? 0),
          forksRefused: now.forksRefused - (base?.forksRefused ?? 0),
        }
      }),
    close: counters.close,
  }
}

function v1Counters(group: Group): Counters {
  const memory = folderWith(group, 'memory.max_usage_in_bytes')
  const cpu = folderWith(group, 'cpuacct.usage')
  const pids = folderWith(group, 'pids.events')
  return {
    reset: () => writeControl(memory, 'memory.max_usage_in_bytes', 0),
    count: () => ({
      cpuMs: numberIn(cpu, 'cpuacct.usage') / NS_PER_MS,
      peakBytes: numberIn(memory, 'memory.max_usage_in_bytes'),
      heldBytes: numberIn(memory, 'memory.usage_in_bytes'),
      oomKills: keyIn(memory, 'memory.oom_control', 'oom_kill'),
      forksRefused: keyIn(pids, 'pids.events', 'max'),
    }),
    close: () => undefined,
  }
}

function unifiedCounters(folder: string): Counters {
  const peak = resettablePeak(folder)
  return {
    reset: peak.reset,
    count: () => ({
      cpuMs: keyIn(folder, 'cpu.stat', 'usage_usec') / US_PER_MS,
      peakBytes: peak.read(),
      heldBytes: numberIn(folder, 'memory.current'),
      oomKills: keyIn(folder, 'memory.events', 'oom_kill'),
      forksRefused: keyIn(folder, 'pids.events', 'max'),
    }),
    close: peak.close,
  }
}

/** From Linux 6.12 on a write to an open `memory.peak` starts that opening's peak anew; before, what is held now must do. */
function resettablePeak(folder: string) {
  let fd: number | undefined
  try {
    fd = openSync(join(folder, 'memory.peak'), 'r+')
    writeSync(fd, 'reset')
  } catch {
    if (fd !== undefined) closeSync(fd)
    fd = undefined
  }
  const buffer = Buffer.alloc(32)
  return {
    reset: () => void (fd !== undefined && writeSync(fd, 'reset')),
    read: () =>
      fd === undefined
        ? numberIn(folder, 'memory.current')
        : Number(buffer.toString('latin1', 0, readSync(fd, buffer, 0, 32, 0))),
    close: () => {
      if (fd !== undefined) closeSync(fd)
      fd = undefined
    },
  }
}

const folderWith = (group: Group, file: string) => group.find((folder) => existsSync(join(folder, file))) ?? ''

const numberIn = (folder: string, file: string) => Number(readFileSync(join(folder, file), 'latin1'))

function keyIn(folder: string, file: string, key: string): number {
  const line = readFileSync(join(folder, file), 'latin1')
    .split('\n')
    .find((text) => text.startsWith(`${key} `))
  return Number(line?.slice(key.length + 1) ?? 0)
}

/** The group goes when the sandbox does, at any moment. */
function absent<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
