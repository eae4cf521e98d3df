/** How often a condition outside this process is looked at. */
const LOOK_MS = 20

export const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** Looks until it is so, at most so long; answers whether it became so. */
export async function becomes(isSo: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms
  while (!(await isSo())) {
    if (performance.now() > deadline) return false
    await pause(LOOK_MS)
  }
  return true
}

/** The promise, or after so long an error that says what did not come. */
export async function inTime<T>(promise: Promise<T>, ms: number, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`Waited ${ms} ms for ${what()}`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
