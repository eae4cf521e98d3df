const MIB = 1024 * 1024
const GIB = 1024 * MIB

/** What one sandbox may use; every number is enforced by the kernel or the agent, and has a hostile test at its edge. */
export type Limits = {
  /** Processors, may be a fraction. */
  readonly cpus: number
  readonly memoryBytes: number
  /** Of the language server and all that it starts, within the sandbox's memory. */
  readonly lspMemoryBytes: number
  /** Processes and threads, the agent's included. */
  readonly processes: number
  readonly homeBytes: number
  readonly homeInodes: number
  /** Each of /tmp and /dev/shm. */
  readonly tmpBytes: number
  readonly openFiles: number
  /** Without a keystroke and without output. */
  readonly idleMs: number
  /** From the claim on. */
  readonly lifeMs: number
  /** Bytes one job may print. */
  readonly outputBytes: number
}

export const DEFAULT_LIMITS: Limits = {
  cpus: 1,
  memoryBytes: 512 * MIB,
  lspMemoryBytes: 384 * MIB,
  processes: 256,
  homeBytes: 256 * MIB,
  homeInodes: 20_000,
  tmpBytes: 64 * MIB,
  openFiles: 1024,
  idleMs: 10 * 60_000,
  lifeMs: 60 * 60_000,
  outputBytes: 4096 * MIB,
}

/** As far as a language's own numbers may go: what a node gives to one sandbox. A cluster's LimitRange has the same. */
export const LIMITS_MAX = { cpus: 4, memoryBytes: 8 * GIB } as const satisfies Partial<Limits>

/** A language's own numbers over the defaults, as its config's `limits` names them. */
export const limitsOf = (own: Partial<Limits> | undefined): Limits => ({ ...DEFAULT_LIMITS, ...own })
