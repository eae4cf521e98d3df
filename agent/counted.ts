import { readFileSync } from 'node:fs'

import type { FromAgent } from '#lib/protocol/agent.ts'

/** What the kernel counted while a job ran, where a container shows its own control group; a bundle of ours shows none. */
export type Counted = NonNullable<Extract<FromAgent, { type: 'ended' }>['counted']>

type Counts = { cpuMs: number; peakBytes: number; heldBytes: number; oomKills: number; forksRefused: number }

const NS_PER_MS = 1e6
const US_PER_MS = 1e3

/** Begins to count; the answer tells what came since. */
export function countFromHere(root = '/sys/fs/cgroup'): () => Counted | undefined {
  const before = counts(root)
  return () => {
    const now = before && counts(root)
    return before && now && since(before, now)
  }
}

function since(before: Counts, now: Counts): Counted {
  return {
    cpuMs: Math.max(0, now.cpuMs - before.cpuMs),
    // The kernel keeps one peak for all jobs, and here nobody may set it back: it is this job's only if it rose.
    ...(now.peakBytes > before.peakBytes && { peakBytes: now.peakBytes - before.heldBytes }),
    oomKills: now.oomKills - before.oomKills,
    forksRefused: now.forksRefused - before.forksRefused,
  }
}

/** Version 2 of control groups, or version 1; undefined where neither is to be seen. */
function counts(root: string): Counts | undefined {
  try {
    return unified(root)
  } catch {
    try {
      return version1(root)
    } catch {
      return undefined
    }
  }
}

const unified = (root: string): Counts => ({
  cpuMs: keyIn(`${root}/cpu.stat`, 'usage_usec') / US_PER_MS,
  peakBytes: numberIn(`${root}/memory.peak`),
  heldBytes: numberIn(`${root}/memory.current`),
  oomKills: keyIn(`${root}/memory.events`, 'oom_kill'),
  forksRefused: keyIn(`${root}/pids.events`, 'max'),
})

const version1 = (root: string): Counts => ({
  cpuMs: numberIn(`${root}/cpuacct/cpuacct.usage`) / NS_PER_MS,
  peakBytes: numberIn(`${root}/memory/memory.max_usage_in_bytes`),
  heldBytes: numberIn(`${root}/memory/memory.usage_in_bytes`),
  oomKills: keyIn(`${root}/memory/memory.oom_control`, 'oom_kill'),
  forksRefused: keyIn(`${root}/pids/pids.events`, 'max'),
})

const numberIn = (path: string) => Number(readFileSync(path, 'latin1'))

/** 0 for what the file does not tell. */
function keyIn(path: string, key: string): number {
  const line = readFileSync(path, 'latin1')
    .split('\n')
    .find((text) => text.startsWith(`${key} `))
  return Number(line?.slice(key.length + 1) ?? 0)
}
