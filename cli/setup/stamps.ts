import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const TOP = join(import.meta.dirname, '../..')
const STAMPS = join(TOP, '.dragoman', 'stamps')

/** sha256 over names and contents of the files that the patterns find. */
export function hashOf(patterns: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of globSync([...patterns], { cwd: TOP }).sort()) {
    const path = join(TOP, file)
    if (statSync(path).isFile()) hash.update(`${file}\0`).update(readFileSync(path)).update('\0')
  }
  return hash.digest('hex')
}

/** Does the work unless it was done for the same inputs and its result is still there; answers whether it did. */
export async function unlessDone(
  name: string,
  inputs: string,
  isThere: () => boolean,
  work: () => Promise<void>,
): Promise<boolean> {
  const stamp = join(STAMPS, name)
  if (readIfThere(stamp) === inputs && isThere()) return false
  await work()
  mkdirSync(STAMPS, { recursive: true })
  writeFileSync(stamp, inputs)
  return true
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
