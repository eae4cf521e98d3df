import type { BuildQueue } from '#lib/application/ports/build-queue.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import { rounds } from './rounds.ts'

/** A worker is heard of this often. */
export const BEAT_MS = 5000

type Unwanted = Exclude<Awaited<ReturnType<BuildQueue['beat']>>, 'wanted'>

/** Says now and then that an attempt is being worked on, and tells when that is no longer wanted. The answer ends it. */
export function heartbeat(
  { queue, clock }: { readonly queue: Pick<BuildQueue, 'beat'>; readonly clock: Clock },
  attempt: AttemptKey,
  unwanted: (why: Unwanted) => void,
): () => void {
  const beat = async () => {
    const answer = await queue.beat(attempt)
    if (answer !== 'wanted') unwanted(answer)
  }
  return rounds(clock, BEAT_MS, beat, () => undefined) // while the database is away the work goes on
}
