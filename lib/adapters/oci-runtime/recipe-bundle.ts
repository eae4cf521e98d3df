import { IN_RECIPE, RECIPE_ENV, type RecipeLimits } from '#lib/application/ports/recipes.ts'

import type { OciMount, OciSpec } from './oci-spec.ts'
import { seccompFilter } from './seccomp.ts'

const MIB = 1024 * 1024
const CPU_PERIOD_US = 100_000
/** As many as a distribution's own accounts need. */
export const RECIPE_IDS = 65_536
/** What dpkg and maintainer scripts do to files that are theirs; nothing of it reaches beyond the user namespace. */
const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
] as const

export type RecipeInputs = {
  readonly rootPath: string
  readonly cgroupsPath: string
  readonly firstId: number
  /** Folders of ours that it may read. */
  readonly binds: readonly { readonly destination: string; readonly source: string }[]
  /** More environment. */
  readonly env: Readonly<Record<string, string>>
  /** An empty network of its own; otherwise the one that the runtime was started in, over which it has no rights. */
  readonly ownNetwork: boolean
  readonly limits: RecipeLimits
  readonly countsSwap: boolean
  readonly arch: string
}

/** A recipe's place, whole: a pure function of plain inputs. */
export function recipeConfig({ limits, ...inputs }: RecipeInputs): OciSpec {
  if (inputs.firstId < RECIPE_IDS) throw new Error(`Cannot map ids from ${inputs.firstId}: the machine's own are never mapped`)
  const mappings = [{ containerID: 0, hostID: inputs.firstId, size: RECIPE_IDS }]
  const tmpfs = (destination: string, ...options: string[]) => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', ...options],
  })
  return {
    ociVersion: '1.0.2',
    hostname: 'dragoman',
    root: { path: inputs.rootPath, readonly: false },
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      // In one pipe from here on: the runtime copies what comes out of two in whatever order.
      args: ['/bin/sh', '-c', `exec /bin/sh -eu ${IN_RECIPE.files}/${IN_RECIPE.script} 2>&1`],
      env: Object.entries({ ...RECIPE_ENV, ...inputs.env }).map(([name, value]) => `${name}=${value}`),
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES, inheritable: [], ambient: [] },
      rlimits: [
        { type: 'RLIMIT_NOFILE', soft: 4096, hard: 4096 },
        { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
      ],
      noNewPrivileges: true,
      oomScoreAdj: 500,
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { ...tmpfs('/dev', 'mode=755', `size=${MIB}`), options: ['nosuid', 'mode=755', `size=${MIB}`] },
      tmpfs('/dev/shm', 'mode=1777', `size=${64 * MIB}`),
      tmpfs('/tmp', 'mode=1777', `size=${limits.memoryBytes}`),
      tmpfs('/run', 'mode=755', `size=${16 * MIB}`),
      ...inputs.binds.map(readOnly),
    ],
    linux: {
      cgroupsPath: inputs.cgroupsPath,
      namespaces: ['pid', 'mount', 'ipc', 'uts', 'cgroup', 'user', ...(inputs.ownNetwork ? ['network'] : [])].map((type) => ({
        type,
      })),
      uidMappings: mappings,
      gidMappings: mappings,
      maskedPaths: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/kallsyms',
        '/proc/timer_list',
        '/proc/sched_debug',
        '/proc/scsi',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
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

const readOnly = ({ destination, source }: RecipeInputs['binds'][number]): OciMount => ({
  destination,
  type: 'bind',
  source,
  options: ['bind', 'ro', 'nosuid', 'nodev'],
})
