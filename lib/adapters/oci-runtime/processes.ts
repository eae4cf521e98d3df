import { readFileSync } from 'node:fs'

/** A process beyond doubt: numbers come again, a number with its start does not. */
export type ProcessId = { readonly pid: number; readonly startedAt: string }

/** Undefined when there is none, or only its corpse. */
export function processOf(pid: number): ProcessId | undefined {
  const stat = readStat(pid)
  if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined
  return { pid, startedAt: stat.startedAt }
}

export const isAlive = (id: ProcessId) => processOf(id.pid)?.startedAt === id.startedAt

/** SIGKILL, unless it is gone. */
export function kill(id: ProcessId): void {
  if (isAlive(id)) killPid(id.pid)
}

export function killPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function readStat(pid: number): { state: string; startedAt: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before may hold anything
    return { state: fields[0] ?? 'X', startedAt: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

/** Our own hard limit, above which only a stronger process than ours could go. */
export function openFilesMax(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1]
  return hard === undefined || hard === 'unlimited' ? Infinity : Number(hard)
}

export const ownOomScore = () => Number(readFileSync('/proc/self/oom_score_adj', 'latin1'))
