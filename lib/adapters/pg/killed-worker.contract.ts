import { systemClock } from '#lib/adapters/system/time.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import { logAnnouncer } from '#lib/application/builds/announce-logs.ts'
import type { StepRunner } from '#lib/application/builds/run-attempt.ts'
import { runBuilder } from '#lib/application/builds/run-builder.ts'
import type { BuildQueue } from '#lib/application/ports/build-queue.ts'
import { well } from '#lib/application/testing/builds.ts'
import type { Step } from '#lib/domain/build.ts'
import { pgAnnouncements } from './announcements.ts'
import { pgBuildLogs } from './build-logs.ts'
import { pgBuildQueue } from './build-queue.ts'
import { openDatabase } from './database.ts'

/** The places between two steps of a worker, as somebody with `kill -9` would choose them. */
export const BOUNDARIES = ['leased', 'begun', 'logged', 'done', 'finished'] as const
type Boundary = (typeof BOUNDARIES)[number]

/** A builder on this database, which ends itself by SIGKILL where it is told to. */
export async function workerOn(url: string, name: string, killAt?: { readonly step: Step; readonly boundary: Boundary }) {
  const reached = (step: Step, boundary: Boundary) => {
    if (killAt?.step === step && killAt.boundary === boundary) process.kill(process.pid, 'SIGKILL')
  }
  const database = openDatabase({ url, timeoutMs: 10_000 })
  const log = memoryLog()
  const announcements = pgAnnouncements(database, { url, clock: systemClock, log })
  const inner = pgBuildQueue(database)
  const queue: BuildQueue = {
    ...inner,
    async lease(builder, slots) {
      const leased = await inner.lease(builder, slots)
      if (leased) reached(leased.step, 'leased')
      return leased
    },
    async finish(attempt, end) {
      reached(attempt.step, 'done')
      const finished = await inner.finish(attempt, end)
      reached(attempt.step, 'finished')
      return finished
    },
  }
  const logs = pgBuildLogs(database)
  const run: StepRunner = async (leased, { write }) => {
    reached(leased.step, 'begun')
    await write(`${leased.step} ${leased.number}\n`)
    if (killAt) await logs.append(leased, 0, Buffer.from('by hand\n'))
    reached(leased.step, 'logged')
    return well(leased)
  }
  const kept = logAnnouncer(announcements, systemClock)
  const world = { queue, logs, announcements, clock: systemClock, log, kept, run, isStored: async () => true }
  const builder = await runBuilder(world, name, 2)
  return {
    async stop() {
      await builder.stop()
      await announcements.close()
      await database.close()
    },
  }
}

const [url, name, step, boundary] = process.argv.slice(2)
if (import.meta.main && url && name) {
  // The casts are safe: the test beside this file is the only one who starts it.
  await workerOn(url, name, step ? { step: step as Step, boundary: boundary as Boundary } : undefined)
  process.stdout.write('at work\n')
}
