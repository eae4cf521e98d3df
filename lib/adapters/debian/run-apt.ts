import { spawn } from 'node:child_process'
import { once } from 'node:events'

import type { FetchOptions } from '#lib/application/ports/packages.ts'
import { aptEnvironment } from './archives.ts'

const LOG_CHARS_MAX = 20_000

/** Nothing of the machine's own apt. */
const SETTINGS = {
  'Dir::Etc::sourceparts': '/dev/null',
  'Dir::Etc::preferences': '/dev/null',
  'Dir::Etc::preferencesparts': '/dev/null',
  'Acquire::Languages': 'none',
  'Acquire::Retries': '3',
  'Acquire::http::Timeout': '30',
  // Stops at a list that cannot be fetched, instead of going on with none.
  'APT::Update::Error-Mode': 'any',
  // Hooks are of the machine's own state.
  'APT::Update::Post-Invoke-Success': '',
  'Dpkg::Use-Pty': '0',
}

/** How apt-get ended, and the end of what it said. */
export async function runApt(
  settings: Readonly<Record<string, string>>,
  command: readonly string[],
  { signal, log }: Pick<FetchOptions, 'signal' | 'log'>,
) {
  const options = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const child = spawn('apt-get', ['-q', ...options, ...command], {
    env: aptEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-LOG_CHARS_MAX)
      log(text)
    })
  }
  const [status] = (await once(child, 'close')) as [number | null]
  signal.throwIfAborted()
  return { status, said }
}
