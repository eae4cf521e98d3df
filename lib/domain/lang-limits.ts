import { z } from 'zod'

import { type Limits, LIMITS_MAX } from './limits.ts'

const MIB = 1024 * 1024
const MINUTE_MS = 60_000
/** Homes and other places are memory too, so nothing that is measured in bytes goes further. */
const MEMORY_MIB_MAX = LIMITS_MAX.memoryBytes / MIB

const says = <T extends z.ZodType>(schema: T, sentence: string) => schema.describe(sentence)

/** The limits a config may set over the defaults, and how far. */
export const langLimits = z.strictObject({
  cpus: says(z.number().min(0.1).max(LIMITS_MAX.cpus), 'Processors, may be a fraction').optional(),
  memoryMiB: says(z.int().min(32).max(MEMORY_MIB_MAX), 'Memory of everything in the sandbox').optional(),
  lspMemoryMiB: says(z.int().min(32).max(MEMORY_MIB_MAX), 'Memory of the language server and all that it starts').optional(),
  processes: says(z.int().min(16).max(4096), 'Processes and threads').optional(),
  homeMiB: says(z.int().min(1).max(MEMORY_MIB_MAX), 'Size of the home').optional(),
  homeInodes: says(z.int().min(100).max(1_000_000), 'Files in the home').optional(),
  tmpMiB: says(z.int().min(1).max(4096), 'Size of /tmp and of /dev/shm, each').optional(),
  openFiles: says(z.int().min(64).max(65_536), 'Open files of one process').optional(),
  idleMinutes: says(z.number().min(0.1).max(120), 'Minutes without a keystroke and without output').optional(),
  lifeMinutes: says(z.number().min(0.1).max(480), 'Minutes a session may last').optional(),
  outputMiB: says(z.number().min(0.01).max(65_536), 'What one run may print').optional(),
})

export function limitsFrom(own: z.infer<typeof langLimits>): Partial<Limits> {
  const limits: Record<keyof Limits, number | undefined> = {
    cpus: own.cpus,
    memoryBytes: times(own.memoryMiB, MIB),
    lspMemoryBytes: times(own.lspMemoryMiB, MIB),
    processes: own.processes,
    homeBytes: times(own.homeMiB, MIB),
    homeInodes: own.homeInodes,
    tmpBytes: times(own.tmpMiB, MIB),
    openFiles: own.openFiles,
    idleMs: times(own.idleMinutes, MINUTE_MS),
    lifeMs: times(own.lifeMinutes, MINUTE_MS),
    outputBytes: times(own.outputMiB, MIB),
  }
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
}

const times = (n: number | undefined, unit: number) => (n === undefined ? undefined : Math.round(n * unit))
