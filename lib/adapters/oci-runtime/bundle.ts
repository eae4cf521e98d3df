import type { Limits } from '#lib/domain/limits.ts'

import type { IdMapping, OciMount, OciSpec } from './oci-spec.ts'
import { seccompFilter } from './seccomp.ts'

const MIB = 1024 * 1024

/** Inner ids: the agent's, and the one that all of a visitor's programs run under. */
export const AGENT_ID = 0
export const VISITOR_ID = 1000

/** What the agent may keep of its own: staged files. */
export const AGENT_TMPFS_BYTES = 16 * MIB
/** Nodes on the smaller tmpfs, so that empty files cannot eat the kernel's memory. */
export const AGENT_TMPFS_INODES = 4096
export const TMP_INODES = 20_000
/** runc puts a few links and mount points into /dev; nothing else may. */
export const DEV_BYTES = 64 * 1024

export const CPU_PERIOD_US = 100_000
export const AGENT_IN_ROOT = '/dragoman-agent'
/** What languages have from npm, and the Node that runs it; its `bin` is the end of the programs' path. */
export const TOOLS_IN_ROOT = '/opt/dragoman'
/** Spawning programs as the visitor, and killing them: no more. */
const AGENT_CAPABILITIES = ['CAP_KILL', 'CAP_SETGID', 'CAP_SETUID'] as const

/** What the agent would otherwise set itself and start again with; see agent/main.ts. */
const FEW_THREADS = ['BUN_JSC_useConcurrentJIT=0', 'BUN_JSC_useConcurrentGC=0', 'BUN_JSC_numberOfGCMarkers=1'] as const

export type BundleInputs = {
  /** The prepared root as the runtime sees it; the agent, /usr and the tools are mounted in it already. */
  readonly rootPath: string
  readonly cgroupsPath: string
  /** Host ids of the agent and of the visitor; the groups have the same numbers. */
  readonly ids: { readonly agent: number; readonly visitor: number }
  readonly keySha256: string
  readonly limits: Limits
  /** More open files than this process may have itself it cannot grant. */
  readonly openFilesMax: number
  readonly oomScoreAdj: number
  /** Whether the agent is the visitor's id too, with no right to another, and lives under a filter of its own: as in a pod. */
  readonly oneId: boolean
  /** Whether the kernel counts swap: then memory and swap together get the limit of memory. */
  readonly countsSwap: boolean
  readonly arch: string
}

/** One sandbox, whole: a pure function of plain inputs. */
export function bundleConfig(inputs: BundleInputs): OciSpec {
  const { limits } = inputs
  const mappings = idMappings(inputs.ids)
  const agentId = inputs.oneId ? VISITOR_ID : AGENT_ID
  const capabilities = inputs.oneId ? [] : AGENT_CAPABILITIES
  return {
    ociVersion: '1.0.2',
    hostname: 'dragoman',
    root: { path: inputs.rootPath, readonly: true },
    process: {
      terminal: false,
      user: { uid: agentId, gid: agentId },
      args: [AGENT_IN_ROOT],
      env: [
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        `DRAGOMAN_KEY_SHA256=${inputs.keySha256}`,
        ...FEW_THREADS,
        ...(inputs.oneId ? ['DRAGOMAN_ONE_ID=1'] : []),
      ],
      cwd: '/',
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
        inheritable: [],
        ambient: [],
      },
      rlimits: [fixed('RLIMIT_NOFILE', Math.min(limits.openFiles, inputs.openFilesMax)), fixed('RLIMIT_CORE', 0)],
      noNewPrivileges: true,
      oomScoreAdj: inputs.oomScoreAdj,
    },
    mounts: mountsOf(limits, agentId),
    linux: {
      cgroupsPath: inputs.cgroupsPath,
      namespaces: ['pid', 'mount', 'ipc', 'uts', 'network', 'cgroup', 'user'].map((type) => ({ type })),
      uidMappings: mappings,
      gidMappings: mappings,
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        memory: { limit: limits.memoryBytes, ...(inputs.countsSwap && { swap: limits.memoryBytes }) },
        cpu: { quota: Math.round(limits.cpus * CPU_PERIOD_US), period: CPU_PERIOD_US },
        pids: { limit: limits.processes },
      },
      seccomp: seccompFilter(inputs.arch),
    },
  }
}

function idMappings({ agent, visitor }: BundleInputs['ids']): IdMapping[] {
  if (agent < 1 || visitor < 1) throw new Error(`Cannot map ids ${agent} and ${visitor}: root of the host is never mapped`)
  return [
    { containerID: AGENT_ID, hostID: agent, size: 1 },
    { containerID: VISITOR_ID, hostID: visitor, size: 1 },
  ]
}

const fixed = (type: string, value: number) => ({ type, soft: value, hard: value })

/** Every place that can be written to has a size and a number of nodes; there is no /sys. */
function mountsOf(limits: Limits, agentId: number): OciMount[] {
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    tmpfs('/dev', ['noexec', 'strictatime', 'mode=755', `size=${DEV_BYTES}`, 'ro']),
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      // Terminals belong to the visitor, or no program could open its own by name.
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', `uid=${VISITOR_ID}`],
    },
    tmpfs('/dev/shm', ['nodev', 'mode=1777', `size=${limits.tmpBytes}`, `nr_inodes=${TMP_INODES}`]),
    tmpfs('/tmp', ['nodev', 'mode=1777', `size=${limits.tmpBytes}`, `nr_inodes=${TMP_INODES}`]),
    tmpfs('/home/visitor', [
      'nodev',
      'mode=0700',
      `uid=${VISITOR_ID}`,
      `gid=${VISITOR_ID}`,
      `size=${limits.homeBytes}`,
      `nr_inodes=${limits.homeInodes}`,
    ]),
    tmpfs('/run/dragoman', [
      ...['nodev', 'noexec', 'mode=0755', `size=${AGENT_TMPFS_BYTES}`, `nr_inodes=${AGENT_TMPFS_INODES}`],
      ...(agentId === AGENT_ID ? [] : [`uid=${agentId}`, `gid=${agentId}`]),
    ]),
  ]
}

const tmpfs = (destination: string, options: string[]): OciMount => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options: ['nosuid', ...options],
})

/** Facts about the host that no program needs. */
const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/cmdline',
  '/proc/config.gz',
  '/proc/interrupts',
  '/proc/kallsyms',
  '/proc/kcore',
  '/proc/keys',
  '/proc/kmsg',
  '/proc/latency_stats',
  '/proc/modules',
  '/proc/pressure', // who writes there makes the kernel watch the whole machine for it
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
]
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']
