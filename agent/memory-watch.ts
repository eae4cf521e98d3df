/** How often the memory of a task is looked at that has a limit of its own. */
export const LOOK_MS = 500
/** A second look after this, and what both saw counts. */
export const SECOND_LOOK_MS = 100

/**
 * By looking, since what a process may reserve says little of what it takes: Node reserves half a gigabyte to use a tenth.
 * One that grows faster than we look meets the sandbox's own limit, where tasks go first. One look alone says too much: a
 * process that starts another is two of its own size, until the new one becomes the program it was started for.
 */
export function watchMemory(bytesNow: () => number, bytesMax: number, spent: () => void): { stop(): void } {
  let second: ReturnType<typeof setTimeout> | undefined
  const isOver = () => bytesNow() > bytesMax
  const looking = setInterval(() => {
    if (isOver()) second = setTimeout(() => isOver() && spent(), SECOND_LOOK_MS)
  }, LOOK_MS)
  return {
    stop() {
      clearInterval(looking)
      clearTimeout(second)
    },
  }
}
