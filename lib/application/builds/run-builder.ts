import type { Announcements } from '#lib/application/ports/build-logs.ts'
import type { BuildQueue } from '#lib/application/ports/build-queue.ts'
import { errorText } from '#lib/application/ports/log.ts'
import { type AttemptWorld, runAttempt } from './run-attempt.ts'

/** Without a word that there is work one looks this often: a word may be lost, and a pause between tries ends without one. */
export const LOOK_EVERY_MS = 2000

export type BuilderWorld = AttemptWorld & {
  readonly queue: BuildQueue
  readonly announcements: Announcements
}

export type RunningBuilder = {
  /** Takes nothing more, stops what is at work (it is tried again elsewhere), and settles when all of it has ended. */
  stop(): Promise<void>
}

/** Runs attempts, as many at once as there are slots. What a predecessor of this name left at work is ended first. */
export async function runBuilder(world: BuilderWorld, name: string, slots: number): Promise<RunningBuilder> {
  const { queue, clock, log, announcements } = world
  const stopping = new AbortController()
  const atWork = new Set<Promise<void>>()
  let looking: Promise<void> | undefined
  let lookAgain = false
  let cancelTimer = () => {}

  await endLeftovers(queue, name)
  const unhear = announcements.on('queue', look)
  look()

  function look(): void {
    if (stopping.signal.aborted) return
    lookAgain = true
    looking ??= takeAll().finally(() => {
      looking = undefined
    })
  }

  async function takeAll(): Promise<void> {
    cancelTimer()
    try {
      while (lookAgain && !stopping.signal.aborted) {
        lookAgain = false
        await takeWhatIsReady()
      }
    } catch (error) {
      log.warn('builder cannot lease', { builder: name, error: errorText(error) })
    }
    if (!stopping.signal.aborted) cancelTimer = clock.after(LOOK_EVERY_MS, look)
  }

  async function takeWhatIsReady(): Promise<void> {
    while (atWork.size < slots && !stopping.signal.aborted) {
      const leased = await queue.lease(name, slots)
      if (!leased) return
      const attempt = runAttempt(world, leased, stopping.signal).finally(() => {
        atWork.delete(attempt)
        look()
      })
      atWork.add(attempt)
    }
  }

  return {
    async stop() {
      stopping.abort()
      unhear()
      await looking
      cancelTimer()
      await Promise.all(atWork)
    },
  }
}

/** A builder's name is one process's at a time, so what is still at work under it has lost its worker. */
async function endLeftovers(queue: BuildQueue, name: string): Promise<void> {
  for (const attempt of await queue.live()) {
    if (attempt.builder === name) await queue.lose(attempt, 'The builder ended without a word and was started again')
  }
}
