/** A server that grows by less while a flood goes on does not keep what flows through it. */
export const RSS_GROWTH_MB_MAX = 10

/**
 * How a process grows while something goes on: the most of the second half above the most of the first. Buffers and code
 * that any first flood makes are no leak, and garbage comes and goes; what is kept would grow on and on.
 */
export function growthWatch(rssMb: () => number) {
  const seen: number[] = []
  return {
    look: () => void seen.push(rssMb()),
    grownMb(): number {
      const half = Math.floor(seen.length / 2)
      return Math.max(...seen.slice(half)) - Math.max(...seen.slice(0, half))
    },
  }
}
