import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

import { findCgroups, type Cgroups } from './cgroups.ts'
import { unmergedFolders } from './root.ts'
import { rootlessFacts, rootlessProblems, type RootlessFacts } from './rootless.ts'
import { versionOf, type RuntimeName } from './runtime.ts'
import { missingControllers } from './slice.ts'

/** Why sandboxes cannot run on this machine, and what would help; both for a person to read. */
export type HostProblem = { readonly what: string; readonly fix: string }

/** What is looked at, so that each answer can be tested where it does not apply. */
export type HostFacts = {
  readonly platform: string
  readonly arch: string
  readonly uid: number
  /** Bits of the capabilities in effect. */
  readonly capabilities: bigint
  readonly userNamespacesMax: number
  readonly cgroups: Cgroups
  readonly missingControllers: readonly string[]
  readonly missingCommands: readonly string[]
  readonly unmergedFolders: readonly string[]
  readonly rootless: RootlessFacts
}

export async function probeHost(runtime: RuntimeName, runtimePath?: string): Promise<HostProblem[]> {
  if (process.platform !== 'linux')
    return [{ what: `Sandboxes need Linux; this is ${process.platform}`, fix: 'Use a Linux machine' }]
  const cgroups = findCgroups()
  const commands = ['unshare', 'nsenter', 'mount', 'perl'].filter((command) => !isOnPath(command))
  if (versionOf(runtimePath ?? runtime) === undefined) commands.push(runtime)
  return problemsOf(runtime, {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? 0,
    capabilities: BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'}`),
    userNamespacesMax: userNamespacesMax(),
    cgroups,
    missingControllers: missingControllers(cgroups),
    missingCommands: commands,
    unmergedFolders: await unmergedFolders(),
    rootless: rootlessFacts(cgroups, isOnPath),
  })
}

/** Debian's package for each command. */
const PACKAGES: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  perl: 'perl-base',
  runc: 'runc',
  crun: 'crun',
  runsc: 'runsc',
}
/** What running containers takes: name and bit. */
const CAPABILITIES: readonly (readonly [string, bigint])[] = [
  ['CAP_CHOWN', 0n],
  ['CAP_DAC_OVERRIDE', 1n],
  ['CAP_KILL', 5n],
  ['CAP_SETGID', 6n],
  ['CAP_SETUID', 7n],
  ['CAP_SYS_ADMIN', 21n],
]

export function problemsOf(runtime: RuntimeName, facts: HostFacts): HostProblem[] {
  const problems: HostProblem[] = []
  const say = (what: string, fix: string) => problems.push({ what, fix })

  if (!['x64', 'arm64'].includes(facts.arch))
    say(`There is no system call filter for ${facts.arch}`, 'Use an x64 or arm64 machine')
  if (facts.missingCommands.length > 0) {
    const packages = [...new Set(facts.missingCommands.map((command) => PACKAGES[command] ?? command))]
    say(`Missing here: ${facts.missingCommands.join(', ')}`, `sudo apt-get install --no-install-recommends ${packages.join(' ')}`)
  }
  if (facts.uid !== 0) {
    const why = rootlessProblems(facts.rootless)
    problems.push(...why)
    if (why.length === 0) say('Sandboxes of an ordinary user need a user namespace around the server', 'Start with npm start')
  }
  const lacking = CAPABILITIES.filter(([, bit]) => !((facts.capabilities >> bit) & 1n)).map(([name]) => name)
  if (facts.uid === 0 && lacking.length > 0) {
    say(
      `This root may not do enough: ${lacking.join(', ')} is missing`,
      'Start on the machine itself, or in a privileged container',
    )
  }
  if (facts.userNamespacesMax === 0) say('User namespaces are switched off', 'sudo sysctl -w user.max_user_namespaces=15000')
  if (facts.missingControllers.length > 0) {
    say(
      `Limits cannot be set: cgroup version ${facts.cgroups.version} gives us no ${facts.missingControllers.join(', ')}`,
      facts.cgroups.version === 2
        ? 'Start from a service with Delegate=yes, e.g. systemd-run --property=Delegate=yes --pty npm start'
        : 'Mount the missing controllers below /sys/fs/cgroup',
    )
  }
  if (facts.unmergedFolders.length > 0) {
    say(
      `${facts.unmergedFolders.join(', ')} must be links into /usr, as they are since Debian 12`,
      'sudo apt-get install usrmerge',
    )
  }
  if (runtime === 'crun' && facts.cgroups.version === 1 && facts.cgroups.own.has('unified')) {
    say('crun refuses hybrid cgroups', 'Use runc, or boot with systemd.unified_cgroup_hierarchy=1')
  }
  return problems
}

/** Whether an ordinary user can hold sandboxes here, in a namespace that {@link ROOTLESS_COMMAND} makes. */
export const rootlessWorks = () => rootlessProblems(rootlessFacts(findCgroups(), isOnPath)).length === 0

function userNamespacesMax(): number {
  try {
    return Number(readFileSync('/proc/sys/user/max_user_namespaces', 'latin1'))
  } catch {
    return 0 // a kernel without them
  }
}

function isOnPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
