import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

const POLL_MS = 10
/** What a process gets to end after each signal, from the politest on. */
const SIGNALS = [
  ['SIGINT', 5000], // PostgreSQL: roll back, write out, leave
  ['SIGQUIT', 1000], // leave at once; the next start recovers from the log
  ['SIGKILL', 1000],
] as const

/** Processes that work in a folder, as PostgreSQL's do in their data folder. Dead ones that nobody has collected do not count. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => workingFolder(pid) === folder)
}

/** The pid in PostgreSQL's own pid file, if there is one. */
export function postmasterPid(dataDir: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(`${dataDir}/postmaster.pid`, 'utf8'), 10)
    return pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

/** Ends the postmaster of a data folder, and with SIGKILL whatever of it remains. */
export async function endProcessesIn(dataDir: string): Promise<void> {
  for (const [signal, graceMs] of SIGNALS) {
    const found = processesIn(dataDir)
    if (found.length === 0) return
    const postmaster = postmasterPid(dataDir)
    // Its children follow the postmaster; without one they are on their own.
    const chosen = postmaster !== undefined && found.includes(postmaster) && signal !== 'SIGKILL' ? [postmaster] : found
    chosen.forEach((pid) => sendSignal(pid, signal))
    await until(() => processesIn(dataDir).length === 0, graceMs)
  }
  const left = processesIn(dataDir)
  if (left.length > 0) throw new Error(`Cannot end the database's processes ${left.join(', ')}: they outlived SIGKILL`)
}

/** Waits for a condition, at most so long; answers whether it came true. */
async function until(condition: () => boolean, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs
  while (!condition()) {
    if (performance.now() > deadline) return false
    await setTimeout(POLL_MS)
  }
  return true
}

/** A process by pid and start time: a pid alone may be somebody else's by now. Undefined when there is none. */
export function processMark(pid: number): string | undefined {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? ''
    return `${pid} ${afterName.split(' ')[START_TIME]}`
  } catch {
    return undefined
  }
}

/** Index of `starttime` in /proc/PID/stat, counted from the field after the name. */
const START_TIME = 19

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
