import { chmod, mkdir, realpath, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { postgresBinaries } from './binaries.ts'
import { withClient } from './client.ts'
import { lockData } from './data-lock.ts'
import { ADMIN, initialise } from './initialise.ts'
import { endProcessesIn } from './processes.ts'
import { DATABASE, makeRoles, MIGRATE_ROLE, WEB_ROLE } from './roles.ts'
import { giveTo, type RunAs, runAs } from './run-as.ts'
import { type ServerProcess, startProcess } from './server-process.ts'
import { settingArgs, SETTINGS } from './settings.ts'
import { socketFolder } from './socket-path.ts'

/** Pause before it is started again when it ended by itself; doubles up to the second number. */
const RESTART_MS = { first: 100, max: 5000 } as const

export type Embedded = {
  /** For the server: rows only. */
  readonly url: string
  /** For migrations: owns the tables. */
  readonly migrateUrl: string
  /** Ends it and waits for that; may be called again. */
  stop(): Promise<void>
}

export type EmbeddedOptions = {
  readonly dataDir: string
  /** Folder of the socket, the lock and the log. */
  readonly runDir: string
  /** Told when the database ended by itself; it is started again. */
  readonly onLost?: (why: string) => void
  /** How to be another user than root; found out when absent. */
  readonly as?: RunAs
}

/**
 * PostgreSQL as a child of this process, on a unix socket alone. What a killed server left running is ended first; a data
 * folder that a living server uses is refused. The urls work in this process only.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { initdb, postgres } = postgresBinaries()
  const as = options.as ?? (await runAs())
  const { dataDir, runDir } = await makeFolders(options)
  const lock = lockData(join(runDir, 'postgres.lock'))
  const sockets = socketFolder(runDir, dataDir)
  const stopping = new AbortController()
  let server: ServerProcess | undefined
  let stopped: Promise<void> | undefined

  async function open(): Promise<void> {
    await endProcessesIn(dataDir)
    // PostgreSQL itself asks only whether the pid in this file lives, which may be anybody's by now; ours just saw none.
    await rm(join(dataDir, 'postmaster.pid'), { force: true })
    stopping.signal.throwIfAborted()
    const args = ['-D', dataDir, ...settingArgs({ ...SETTINGS, unix_socket_directories: sockets.forPostgres })]
    server = startProcess([...as.prefix, postgres, ...args], join(runDir, 'postgres.log'))
    await server.answers(url(ADMIN, 'postgres'), stopping.signal)
    void server.ended.then(reopen)
  }

  async function reopen(why: string): Promise<void> {
    for (let waitMs: number = RESTART_MS.first; !stopping.signal.aborted; waitMs = Math.min(2 * waitMs, RESTART_MS.max)) {
      options.onLost?.(why)
      await setTimeout(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      try {
        return await open()
      } catch (error) {
        why = String(error)
      }
    }
  }

  const url = (role: string, database = DATABASE) =>
    `postgresql://${role}@localhost/${database}?host=${encodeURIComponent(sockets.forUs)}`

  async function stop(): Promise<void> {
    stopping.abort()
    await server?.stop()
    await endProcessesIn(dataDir)
    sockets.close()
    lock.release()
  }

  try {
    await initialise(dataDir, initdb, as)
    await giveTo(as.owner, runDir)
    await open()
    await withClient(url(ADMIN, 'postgres'), makeRoles)
  } catch (error) {
    await stop()
    throw new Error(`Cannot start the database in ${dataDir} (its log: ${join(runDir, 'postgres.log')})`, { cause: error })
  }
  return { url: url(WEB_ROLE), migrateUrl: url(MIGRATE_ROLE), stop: () => (stopped ??= stop()) }
}

/** Both by their real paths, as the kernel names them for running processes. */
async function makeFolders({ dataDir, runDir }: EmbeddedOptions): Promise<{ dataDir: string; runDir: string }> {
  await mkdir(dirname(dataDir), { recursive: true })
  await mkdir(runDir, { recursive: true, mode: 0o700 })
  await chmod(runDir, 0o700) // whoever passes this folder is trusted: see initialise.ts
  return { dataDir: join(await realpath(dirname(dataDir)), basename(dataDir)), runDir: await realpath(runDir) }
}
