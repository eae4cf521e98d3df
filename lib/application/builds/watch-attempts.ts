import type { BuildQueue, LiveAttempt } from '#lib/application/ports/build-queue.ts'
import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import { BEAT_MS } from './heartbeat.ts'
import { rounds } from './rounds.ts'

/** A worker is given up when its heartbeat has stood still for this long by our own monotonic clock: twelve beats. */
export const LOST_AFTER_MS = 60_000
const LOOK_EVERY_MS = 2 * BEAT_MS

type Seen = { readonly beats: number; readonly since: number }

/**
 * Ends attempts whose worker is gone, on whatever machine it was. Only the heartbeat's count is looked at, never a time that
 * was written down, so no clock that leaps or differs ends a build.
 */
export function watchAttempts({
  queue,
  clock,
  log,
}: {
  readonly queue: Pick<BuildQueue, 'live' | 'lose'>
  readonly clock: Clock
  readonly log: Log
}) {
  let seen = new Map<string, Seen>()

  async function look(): Promise<void> {
    const now = new Map<string, Seen>()
    for (const attempt of await queue.live()) {
      const before = seen.get(keyOf(attempt))
      const still = before?.beats === attempt.beats ? before : { beats: attempt.beats, since: clock.now() }
      now.set(keyOf(attempt), still)
      if (clock.now() - still.since < LOST_AFTER_MS) continue
      const lost = await queue.lose(attempt, `Nothing was heard of ${attempt.builder} for ${LOST_AFTER_MS / 1000} s`)
      if (lost) log.warn('attempt lost', { build: attempt.build, step: attempt.step, number: attempt.number })
    }
    seen = now
  }

  const failed = (error: unknown) => log.warn('attempts cannot be watched', { error: errorText(error) })
  return { look, stop: rounds(clock, LOOK_EVERY_MS, look, failed) }
}

const keyOf = ({ build, step, number }: LiveAttempt) => `${build} ${step} ${number}`
