import type { BuildLogs, LoggedAttempt } from '#lib/application/ports/build-logs.ts'
import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import { logKey, logText } from './log-object.ts'

/** Logs of one round; what is left over is the next round's. */
const LOGS_AT_ONCE = 20

export type FinaliseWorld = {
  readonly logs: Pick<BuildLogs, 'unfinalised' | 'chunks' | 'finalised'>
  readonly objects: Pick<ObjectStore, 'put' | 'head'>
  readonly log: Log
}

/**
 * Moves the logs of ended attempts, however they ended, to the object store. Until one is found there as it was put, its
 * chunks stay; two servers that do the same put the same. Answers how many were moved.
 */
export async function finaliseLogs(world: FinaliseWorld): Promise<number> {
  let moved = 0
  for (const attempt of await world.logs.unfinalised(LOGS_AT_ONCE)) {
    try {
      await finalise(world, attempt)
      moved++
    } catch (error) {
      const { build, step, number } = attempt
      world.log.warn('log not finalised yet', { build, step, number, error: errorText(error) })
    }
  }
  return moved
}

async function finalise({ logs, objects }: FinaliseWorld, attempt: LoggedAttempt): Promise<void> {
  const key = logKey(attempt)
  const put = await objects.put(key, logText(logs, attempt))
  if (!put.ok) throw new Error(`Cannot keep a log: ${put.error.code}`)
  const { digest, size } = put.value
  const there = await objects.head(key)
  if (there?.digest !== digest || there.size !== size) throw new Error('Cannot keep a log: it is not there as it was put')
  await logs.finalised(attempt, { key, digest })
}
