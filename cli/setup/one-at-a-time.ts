import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { type DataLock, lockData } from '#lib/adapters/postgres/data-lock.ts'
import { say } from './progress.ts'
import { TOP } from './stamps.ts'

const WAIT_MS_MAX = 10 * 60_000
const POLL_MS = 100

/** Two set-ups of one checkout (a server and the tests, say) would build over each other: the later one waits. */
export async function oneAtATime(work: () => Promise<void>): Promise<void> {
  const lock = await taken()
  try {
    await work()
  } finally {
    lock.release()
  }
}

async function taken(): Promise<DataLock> {
  const path = join(TOP, '.dragoman', 'set-up.lock')
  mkdirSync(join(TOP, '.dragoman'), { recursive: true })
  const deadline = performance.now() + WAIT_MS_MAX
  for (let isFirst = true; ; isFirst = false) {
    try {
      return lockData(path)
    } catch (error) {
      if (performance.now() > deadline) throw error
      if (isFirst) say(`Waiting for another set-up: ${String(error)}`)
      await setTimeout(POLL_MS)
    }
  }
}
