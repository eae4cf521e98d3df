import { accessSync, constants, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'

import type { Cgroups } from './cgroups.ts'
import type { HostProblem } from './host.ts'

/** Ids of the namespace that sandboxes get: above the system's own, below the 65,536 that a user is given. */
export const ROOTLESS_UID_BASE = 10_000
/** Ids that /etc/subuid must give a user: the namespace has as many. */
const IDS_NEEDED = 65_535

/** What decides whether an ordinary user can hold sandboxes. */
export type RootlessFacts = {
  readonly user: string
  readonly hasNewuidmap: boolean
  /** The largest range that /etc/subuid and /etc/subgid both give the user; 0 for none. */
  readonly ids: number
  /** Folders of our own control groups that we may not write to. */
  readonly lockedGroups: readonly string[]
  readonly cgroupVersion: 1 | 2
}

/** The command that becomes root of a user namespace of one's own: all that sandboxes need is then within it. */
export const ROOTLESS_COMMAND = ['unshare', '--user', '--map-root-user', '--map-auto', '--mount', '--'] as const

/** Why not, with what would help; empty when it works. Limits are the point: without them one program could take the machine. */
export function rootlessProblems({ user, hasNewuidmap, ids, lockedGroups, cgroupVersion }: RootlessFacts): HostProblem[] {
  const problems: HostProblem[] = []
  const say = (what: string, fix: string) => problems.push({ what: `User "${user}" cannot hold sandboxes: ${what}`, fix })
  if (!hasNewuidmap) say('newuidmap is missing', 'sudo apt-get install --no-install-recommends uidmap')
  if (ids < IDS_NEEDED) {
    const range = '--add-subuids 300000-365535 --add-subgids 300000-365535'
    say('/etc/subuid and /etc/subgid give no range of ids', `sudo usermod ${range} ${user}, or start as root`)
  }
  if (lockedGroups.length > 0) {
    const what = `the control group ${lockedGroups[0]} is not delegated`
    if (cgroupVersion === 1) say(`${what}, and version 1 is delegated by hand alone`, 'Start as root, e.g. sudo npm start')
    else say(what, 'Start with systemd-run --user --scope -p Delegate=yes npm start, or as root')
  }
  return problems
}

export function rootlessFacts(cgroups: Cgroups, isOnPath: (command: string) => boolean): RootlessFacts {
  const { user, uid } = owner()
  const own = cgroups.version === 2 ? [cgroups.own] : [...new Set(cgroups.own.values())]
  return {
    user,
    hasNewuidmap: isOnPath('newuidmap') && isOnPath('newgidmap'),
    ids: Math.min(rangeIn(read('/etc/subuid'), user, uid), rangeIn(read('/etc/subgid'), user, uid)),
    lockedGroups: own.filter((folder) => !isWritable(folder)),
    cgroupVersion: cgroups.version,
  }
}

/** `name-or-uid:first:count` a line. */
export function rangeIn(text: string, user: string, uid: number): number {
  const counts = text.split('\n').map((line) => line.split(':'))
  const ours = counts.filter(([name]) => name === user || name === String(uid)).map(([, , count]) => Number(count) || 0)
  return Math.max(0, ...ours)
}

function owner(): { user: string; uid: number } {
  const uid = process.getuid?.() ?? 0
  try {
    return { user: userInfo().username, uid }
  } catch {
    return { user: String(uid), uid } // an id without a name
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
