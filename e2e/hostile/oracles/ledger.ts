import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

import { processesOf, type UidRange } from '../processes.ts'
import { becomes } from '../until.ts'
import { hashOf, sysctls } from './sysctls.ts'

/** After the end of the attacker's session nothing of it may be left for longer. */
export const LEFT_MS_MAX = 10_000

/**
 * Everything of this machine that a sandbox uses up, or could change: what is not the same as before was left behind. The
 * dead are counted apart, by burials.ts.
 */
export type Ledger = Readonly<Record<string, string>>

export type LedgerPlaces = {
  readonly serverPid: number
  readonly dataDir: string
  readonly uids: UidRange
}

/** Mounts that a cluster beside us makes on this machine; its pods come and go while we look. */
const OF_PODS = / \S*\/(kubelet\/pods|io\.containerd\.\S+|netns)\//

/** A pool of connections to the database opens and closes so many as it likes. */
const DATABASE_SOCKETS = 10

/** Reads the ledger; unnamed unix sockets are counted from the first reading on, above what the database may take. */
export function ledgerReader(places: LedgerPlaces): () => Ledger {
  const allowed = filesOf(places.serverPid).unix + DATABASE_SOCKETS
  return () => readLedger(places, allowed)
}

function readLedger({ serverPid, dataDir, uids }: LedgerPlaces, unixAllowed: number): Ledger {
  const ours = processesOf(uids)
  const { kinds, unix } = filesOf(serverPid)
  const mounts = lines(`/proc/${serverPid}/mountinfo`).filter((line) => !OF_PODS.test(line))
  return {
    // Pids too: a process that was replaced by another is one that was left and one that is missing.
    processes: ours
      .filter(({ state }) => state !== 'Z')
      .map(({ pid, command }) => `${pid} ${command.slice(0, 40)}`)
      .sort()
      .join('; '),
    cgroups: groups(dataDir).sort().join(' '),
    mounts: String(mounts.length),
    tmpfs: String(mounts.filter((line) => line.includes(' - tmpfs ')).length),
    'System V IPC': ['shm', 'sem', 'msg'].map((kind) => ipcOf(kind, uids)).join(' '),
    'open files of the server': kinds,
    'unix sockets of the server': `${Math.max(0, unix - unixAllowed)} too many`,
    'state on disk': ['live', 'runtime']
      .flatMap((folder) => names(join(dataDir, 'sandboxes', folder)))
      .sort()
      .join(' '),
    'kernel settings': hashOf(sysctls()),
  }
}

/** Reads until all is as it was, or the time is up; answers what is not. */
export async function settled(read: () => Ledger, before: Ledger, ms = LEFT_MS_MAX): Promise<string[]> {
  let different: string[] = []
  await becomes(() => {
    different = compareLedgers(before, read())
    return different.length === 0
  }, ms)
  return different
}

export const compareLedgers = (before: Ledger, after: Ledger): string[] =>
  Object.keys(before)
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} are not as before: ${shown(before[name])} became ${shown(after[name])}`)

const shown = (value: string | undefined) => JSON.stringify((value ?? '').slice(0, 400))

/** The groups below the slices that the server wrote down. */
function groups(dataDir: string): string[] {
  const file = join(dataDir, 'sandboxes', 'slices.json')
  if (!existsSync(file)) return []
  const slices = JSON.parse(readFileSync(file, 'utf8')) as string[]
  return slices.flatMap((slice) => folders(slice).map((name) => join(slice, name)))
}

function folders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
}

/** Those of the sandboxes' ids: others on the machine come and go as they like. */
function ipcOf(kind: string, { first, count }: UidRange): string {
  const [head = '', ...rows] = lines(`/proc/sysvipc/${kind}`)
  const column = head.trim().split(/\s+/).indexOf('uid')
  const isOurs = (row: string) => {
    const uid = Number(row.trim().split(/\s+/)[column])
    return uid >= first && uid < first + count
  }
  return `${kind}:${rows.filter(isOurs).length}`
}

function filesOf(pid: number): { kinds: string; unix: number } {
  const unixInodes = new Set(lines('/proc/net/unix').map((line) => line.trim().split(/\s+/)[6]))
  const counts = new Map<string, number>()
  let unix = 0
  for (const name of names(`/proc/${pid}/fd`)) {
    const target = targetOf(`/proc/${pid}/fd/${name}`)
    if (target === undefined) continue
    if (unixInodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1])) unix += 1
    else counts.set(kindOf(target), (counts.get(kindOf(target)) ?? 0) + 1)
  }
  return {
    kinds: [...counts]
      .sort()
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', '),
    unix,
  }
}

/** `socket:[123]` is a socket, `/any/path` a file. */
const kindOf = (target: string) => (target.startsWith('/') ? 'file' : (target.split(':')[0] ?? target))

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}

const names = (folder: string) => (existsSync(folder) ? readdirSync(folder) : [])
const lines = (file: string) => readFileSync(file, 'latin1').trimEnd().split('\n')
