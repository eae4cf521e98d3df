import { readdirSync, readFileSync } from 'node:fs'

import { endedChild, reap } from './libc.ts'

/** Looks at all processes this often for ones that fork faster than they are killed, then kills everything. */
export const KILL_ROUNDS_MAX = 5
const REAP_AGAIN_MS = 5

/**
 * SIGKILL to everything in the sandbox but the agent and, where they live, `spared` and their descendants. With nothing
 * to spare it is one call and atomic: nothing can fork its way out. Only as process 1 of its namespace may this run.
 */
export function killAllBut(spared: readonly number[]): void {
  const doomed = new Set<number>() // which may take a moment to die
  for (let round = 0; spared.length > 0 && round < KILL_ROUNDS_MAX; round++) {
    const fresh = strangersTo(new Set(spared)).filter((pid) => !doomed.has(pid))
    if (fresh.length === 0) return
    for (const pid of fresh) {
      doomed.add(pid)
      killQuietly(pid)
    }
  }
  killQuietly(-1)
}

export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it was gone already
  }
}

/** What a process and all its descendants hold of memory that is nobody else's, in bytes. */
export function memoryOf(root: number): number {
  const { ours } = dividedBy(new Set([root]))
  return ours.reduce((sum, pid) => sum + anonymousBytes(pid), 0)
}

function anonymousBytes(pid: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024
  } catch {
    return 0 // it ended meanwhile
  }
}

/** Living processes, except ourselves, of whom no ancestor nor they themselves are in `roots`. */
const strangersTo = (roots: ReadonlySet<number>): number[] => dividedBy(roots).strangers

/** All living processes but ourselves, by whether they or an ancestor are in `roots`. */
function dividedBy(roots: ReadonlySet<number>): { ours: number[]; strangers: number[] } {
  const parents = new Map(readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? livingParent(Number(name)) : [])))
  const isOurs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) if (roots.has(at)) return true
    return false
  }
  const [ours, strangers]: [number[], number[]] = [[], []]
  for (const pid of parents.keys()) if (pid !== process.pid) (isOurs(pid) ? ours : strangers).push(pid)
  return { ours, strangers }
}

/** Groups of living processes in this session, in the order in which their youngest began. */
export function groupsOf(session: number): number[] {
  const pids = readdirSync('/proc')
    .flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
    .toSorted((a, b) => a - b)
  const groups = pids.flatMap((pid) => {
    const [state, , group, of] = statOf(pid) ?? []
    return state !== undefined && state !== 'Z' && state !== 'X' && Number(of) === session ? [Number(group)] : []
  })
  return groups.filter((group, i) => groups.lastIndexOf(group) === i)
}

function livingParent(pid: number): [number, number][] {
  const [state, parent] = statOf(pid) ?? []
  return state === undefined || state === 'Z' || state === 'X' ? [] : [[pid, Number(parent)]]
}

/** State, parent, group, session and more; undefined when it ended meanwhile. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before it may hold anything
  } catch {
    return undefined
  }
}

/** What a visitor's program left behind becomes a child of ours when its parent ends; Bun waits only for its own. */
export function reapOrphans(isOurChild: (pid: number) => boolean): void {
  let again: ReturnType<typeof setTimeout> | undefined
  const reapNow = () => {
    clearTimeout(again)
    for (let pid = endedChild(); pid !== undefined; pid = endedChild()) {
      if (isOurChild(pid)) {
        again = setTimeout(reapNow, REAP_AGAIN_MS) // Bun is about to take it; others may stand behind it
        return
      }
      reap(pid)
    }
  }
  process.on('SIGCHLD', reapNow)
}
