import { totalmem } from 'node:os'

/** What defaults may depend on. */
export type Machine = { readonly memoryMiB: number }

const MIB = 1024 * 1024

/** This machine, or the container that we are in: its limit may be far below what the machine has. */
export function thisMachine(): Machine {
  const allowed = process.constrainedMemory()
  const whole = totalmem()
  return { memoryMiB: Math.floor((allowed > 0 ? Math.min(allowed, whole) : whole) / MIB) }
}
