import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { processesIn } from '#lib/adapters/postgres/processes.ts'
import { TOP } from '../setup/stamps.ts'

const POLL_MS = 100
/** Everything a server made is gone so long after its end. */
export const LEFT_MS_MAX = 10_000

/** What our servers and sandboxes make on a machine, one line each: cgroups, mounts, processes. */
export function traces(dataDirs: readonly string[]): string[] {
  return [...cgroups(), ...mounts(), ...dataDirs.flatMap(databaseProcesses), ...agents()]
}

/** What is there now and was not before, when it has had time to go. */
export async function leftSince(before: readonly string[], dataDirs: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + LEFT_MS_MAX
  for (;;) {
    const left = traces(dataDirs).filter((trace) => !before.includes(trace))
    if (left.length === 0 || performance.now() > deadline) return left
    await setTimeout(POLL_MS)
  }
}

const cgroups = () => globSync('/sys/fs/cgroup/**/dragoman-*').map((path) => `cgroup ${path}`)

function mounts(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.filter((line) => line.includes(join(TOP, '.dragoman')) || / dragoman /.test(line)).map((line) => `mount ${line}`)
}

const databaseProcesses = (dataDir: string) => processesIn(join(TOP, dataDir, 'postgres')).map((pid) => `postgres ${pid}`)

/** The agent's executable runs in sandboxes alone. */
function agents(): string[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap((path) => {
    try {
      return readFileSync(path, 'utf8').startsWith('/dragoman-agent') ? [`agent ${path.split('/')[2]}`] : []
    } catch {
      return [] // it ended meanwhile
    }
  })
}
