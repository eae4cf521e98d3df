import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { TOP } from '../dragoman/languages.ts'

/** `dragoman build`, all languages when none is named; what it tells on the way is told here. */
export async function buildAsJson(names: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const which = names.length === 0 ? ['--all'] : names
  const command = [join(TOP, 'cli/dragoman/main.ts'), 'build', ...which, '--json']
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
  // Ctrl-C reaches the child by itself, which cancels what it asked for; this process waits for it.
  process.on('SIGINT', () => undefined)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>])
  return { code: code ?? 1, stdout }
}
