/** A compiler at work takes a core, and a gigabyte and a half at its worst. */
export const BUILD_MEMORY_MIB = 1536
const SLOTS_MAX = 16

/** Attempts at once on a machine: what its cores and memory carry beside the sessions; one at least. */
export function builderSlots({ cores, memoryMiB }: { readonly cores: number; readonly memoryMiB: number }): number {
  return Math.max(1, Math.min(SLOTS_MAX, Math.floor(cores), Math.floor(memoryMiB / 2 / BUILD_MEMORY_MIB)))
}
