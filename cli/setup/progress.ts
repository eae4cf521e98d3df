/** Runs a step and tells how it went, one line each, on stderr: stdout belongs to the command. */
export async function step(name: string, work: () => Promise<string>): Promise<void> {
  const began = performance.now()
  const show = (words: string) =>
    process.stderr.write(`${name}: ${words} (${((performance.now() - began) / 1000).toFixed(1)} s)\n`)
  try {
    show(await work())
  } catch (error) {
    show(`failed: ${reasons(error)}`)
    process.exit(1)
  }
}

/** A warning that belongs to no step. */
export const say = (words: string) => void process.stderr.write(`${words}\n`)

function reasons(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${reasons(error.cause)}`
}
