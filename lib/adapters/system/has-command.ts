import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'

/** Where programs in the sandbox look for commands of this machine. */
export const SANDBOX_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Whether a command is on the path: a regular file that may be executed, links followed. */
export function hasCommand(name: string, path = SANDBOX_PATH): boolean {
  return !name.includes('/') && path.split(':').some((dir) => isExecutable(join(dir, name)))
}

/** Which commands a sandbox of the checkout at `top` has: this machine's, and at the end what came from npm. */
export function commandsInSandbox(top: string): (name: string) => boolean {
  const path = `${SANDBOX_PATH}:${join(top, '.dragoman', 'tools', 'bin')}`
  return (name) => hasCommand(name, path)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
