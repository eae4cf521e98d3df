import { errorText, type Log } from '../application/ports/log.ts'
import type { Clock } from '../application/ports/time.ts'
import type { Result } from '../domain/result.ts'

/** A cluster that is there answers within a second or two; a server comes up without one that does not. */
const FIRST_MS = 10_000
/** One question; within it what may pass is asked again and again. */
const ASK_MS_MAX = 30_000
/** What was refused later is asked again after this: the cluster may be coming up, or somebody mend it. */
const AGAIN_MS = 10_000

export type ClusterAsked<T> = {
  /** What it said; never settles while it says nothing. */
  readonly known: Promise<T>
  isKnown(): boolean
  /** Its refusal in its first moments, which no waiting mends; undefined when it answered, or is away. */
  readonly refused: Promise<string | undefined>
  stop(): void
}

type Ask<T> = (signal: AbortSignal) => Promise<Result<T, { readonly why: string }>>

/** Asks the cluster until it answers. */
export function askCluster<T>(ask: Ask<T>, { clock, log }: { clock: Clock; log: Log }): ClusterAsked<T> {
  const known = Promise.withResolvers<T>()
  const refused = Promise.withResolvers<string | undefined>()
  const stopped = new AbortController()
  let isKnown = false
  let cancel = clock.after(FIRST_MS, () => refused.resolve(undefined))
  const cancelFirst = cancel

  async function once(): Promise<void> {
    try {
      const answer = await ask(AbortSignal.any([stopped.signal, AbortSignal.timeout(ASK_MS_MAX)]))
      if (answer.ok) {
        isKnown = true
        cancelFirst()
        known.resolve(answer.value)
        return refused.resolve(undefined)
      }
      refused.resolve(answer.error.why)
      log.error('the cluster refuses', { error: answer.error.why })
    } catch (error) {
      if (!stopped.signal.aborted) log.warn('the cluster does not answer', { error: errorText(error) })
    }
    if (!stopped.signal.aborted) cancel = clock.after(AGAIN_MS, () => void once())
  }
  void once()
  return {
    ...{ known: known.promise, isKnown: () => isKnown, refused: refused.promise },
    stop() {
      cancelFirst()
      cancel()
      refused.resolve(undefined)
      stopped.abort(new Error('The server is going'))
    },
  }
}
