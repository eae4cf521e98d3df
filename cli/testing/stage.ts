import { type Count, oneIf, words } from './count.ts'

export type Stage = {
  readonly name: string
  /** After this it is ended and counts as failed. */
  readonly msMax: number
  run(signal: AbortSignal): Promise<StageEnd>
  /** A second try of what failed, alone. */
  again?(parts: readonly string[], signal: AbortSignal): Promise<StageEnd>
}
/** `output` is shown when something failed; `parts` are what failed, where they can be run alone: files, languages. */
export type StageEnd = { readonly count: Count; readonly output?: string; readonly parts?: readonly string[] }

/** When more than so many parts fail, it is not the machine. */
const SECOND_TRIES_MAX = 3

/**
 * Runs a stage within its time and tells how it went. What goes wrong outside any test is one failed test. A few parts that
 * failed are tried a second time alone; those that pass then are told of, with what the first try said.
 */
export async function runStage({ name, msMax, run, again }: Stage, print = onStdout): Promise<Count> {
  const began = performance.now()
  const signal = AbortSignal.timeout(msMax)
  const caught = (error: unknown): StageEnd => ({ count: oneIf(false), output: String(error) })
  const end = await run(signal).catch(caught)
  // Also what a test program tried again by itself is told.
  if (end.output && (end.count.failed > 0 || end.count.shaky)) print(end.output.trimEnd())

  let { count } = end
  const parts = end.parts ?? []
  if (again && parts.length > 0 && parts.length <= SECOND_TRIES_MAX && !signal.aborted) {
    print(`again  ${name.padEnd(24)} ${parts.join(' ')}`)
    const second = await again(parts, signal).catch(caught)
    if (second.count.failed === 0) count = { passed: count.passed + count.failed, failed: 0, shaky: count.failed }
    else if (second.output) print(second.output.trimEnd())
  }
  if (signal.aborted && count.failed === 0) count = { ...count, failed: 1 }
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  print(`${count.failed > 0 ? 'FAILED' : 'ok    '} ${name.padEnd(24)} ${words(count)} (${seconds} s)`)
  return count
}

const onStdout = (line: string) => void process.stdout.write(`${line}\n`)
