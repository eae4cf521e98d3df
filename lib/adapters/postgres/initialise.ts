import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { promisify } from 'node:util'

import { giveTo, type RunAs } from './run-as.ts'
import { environment } from './settings.ts'

const run = promisify(execFile)

/** The superuser of the embedded database; only set-up uses it. */
export const ADMIN = 'dragoman_admin'

/**
 * Makes the data folder, once and whole: it gets its name when it is done, so a set-up that was cut off leaves nothing to
 * repair. Answers whether it was made now.
 */
export async function initialise(dataDir: string, initdb: string, as: RunAs): Promise<boolean> {
  if (existsSync(dataDir)) return false
  const unfinished = `${dataDir}.new`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  await giveTo(as.owner, unfinished)
  // `trust`: the only door is a socket in a folder that nobody but this user can enter.
  const args = ['-D', unfinished, '-U', ADMIN, '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-instructions']
  const [command = initdb, ...rest] = [...as.prefix, initdb, ...args]
  await run(command, rest, { env: environment() })
  await chmod(unfinished, 0o700)
  await rename(unfinished, dataDir)
  return true
}
