import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

import { withClient } from './client.ts'
import { environment } from './settings.ts'

/** Longest time to the first answer; recovery after a crash is part of it. */
export const START_MS_MAX = 60_000
const STOP_MS_MAX = 5000
const POLL_MS = 5

export type ServerProcess = {
  /** Waits until a client is answered; rejects when the process ends first. */
  answers(url: string, signal: AbortSignal): Promise<void>
  /** Settles with a sentence when the process has ended. */
  readonly ended: Promise<string>
  /** Asks it to roll back and leave; settles when it has, or after a bounded time. */
  stop(): Promise<void>
}

/** Runs PostgreSQL in a process group of its own: Ctrl-C is for the server, which writes its last rows before it stops this. */
export function startProcess([command = '', ...args]: readonly string[], logFile: string): ServerProcess {
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], env: environment() })
  closeSync(log)

  let why: string | undefined
  const ended = new Promise<string>((settle) => {
    child.once('error', (error) => settle((why = `it cannot be started: ${error.message}`)))
    child.once('exit', (code, signal) => settle((why = `it ended with ${signal ?? code}`)))
  })

  return {
    ended,
    async answers(url, signal) {
      const deadline = performance.now() + START_MS_MAX
      for (let last: unknown; ; await setTimeout(POLL_MS)) {
        signal.throwIfAborted()
        if (why !== undefined) throw new Error(`Cannot reach PostgreSQL: ${why}`, { cause: last })
        if (performance.now() > deadline) throw new Error(`Cannot reach PostgreSQL in ${START_MS_MAX} ms`, { cause: last })
        try {
          await withClient(url, (client) => client.query('SELECT 1'))
          return
        } catch (error) {
          last = error
        }
      }
    },
    async stop() {
      if (why !== undefined) return
      child.kill('SIGINT')
      await Promise.race([once(child, 'exit'), setTimeout(STOP_MS_MAX, undefined, { ref: false })])
    },
  }
}
