import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

import { ROOTLESS_COMMAND, ROOTLESS_UID_BASE } from '#lib/adapters/oci-runtime/rootless.ts'

const SERVER = resolve(import.meta.dirname, '../server.ts')

/** Serves from a user namespace in which this user is root, and ends as the server does. It ends when we are killed. */
export async function serveRootless(): Promise<void> {
  const [command, ...enter] = [...ROOTLESS_COMMAND, 'setpriv', '--pdeathsig', 'TERM', '--', process.execPath]
  const env = { DRAGOMAN_UID_BASE: String(ROOTLESS_UID_BASE), ...process.env }
  const server = spawn(command, [...enter, ...process.execArgv, SERVER], { stdio: 'inherit', env })
  // Ctrl-C reaches the server by itself; a signal to us alone does not.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.kill(signal))
  process.exitCode = await new Promise<number>((done, fail) => {
    server.once('error', fail)
    server.once('exit', (code) => done(code ?? 1))
  })
}
