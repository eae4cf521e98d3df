import type { Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'

import type { Session } from './session.ts'

/** How often every session's meter is read. */
export const LOOK_MS = 60_000
/** So many looks one after another must find it so: a long compile or a test run is over by then, or prints. */
export const LOOKS = 4
/** Of the processors that the session may use. */
const BUSY_SHARE = 0.8
/** Who computes for somebody who looks prints more than this between two looks. */
const QUIET_BYTES = 4096

type Watched = Pick<Session, 'id' | 'language' | 'meter' | 'printed'>
type Seen = { readonly cpuMs: number; readonly printed: number; readonly at: number; readonly looks: number }

/**
 * Tells the operator of sessions that have computed for minutes and said next to nothing: the shape of a miner, and of an
 * honest search for primes. Nothing is ended for it; limits of time are for that.
 */
export function watchBusy(world: { clock: Clock; metrics: Metrics; log: Log }, sessions: () => Iterable<Watched>): () => void {
  const { clock, metrics, log } = world
  let seen = new Map<Watched['id'], Seen>()
  let cancel = clock.after(LOOK_MS, look)

  function look(): void {
    void lookAtAll().finally(() => (cancel = clock.after(LOOK_MS, look)))
  }

  async function lookAtAll(): Promise<void> {
    const now = new Map<Watched['id'], Seen>()
    await Promise.all([...sessions()].map(async (session) => now.set(session.id, await lookAt(session, seen.get(session.id)))))
    seen = now
    metrics.set('dragoman_sessions_busy', {}, [...now.values()].filter(({ looks }) => looks >= LOOKS).length)
  }

  async function lookAt(session: Watched, before: Seen | undefined): Promise<Seen> {
    const meter = await session.meter().catch(() => undefined)
    const now = { cpuMs: meter?.cpuMs ?? 0, printed: session.printed, at: clock.now(), looks: 0 }
    if (!before || !meter) return now
    // The meter begins anew with each program.
    const usedMs = now.cpuMs < before.cpuMs ? now.cpuMs : now.cpuMs - before.cpuMs
    const isBusy = usedMs >= BUSY_SHARE * session.language.limits.cpus * (now.at - before.at)
    if (!isBusy || now.printed - before.printed > QUIET_BYTES) return now
    const looks = before.looks + 1
    if (looks === LOOKS) {
      log.warn('session computes and says nothing', { session: session.id, lang: session.language.id, minutes: looks })
    }
    return { ...now, looks }
  }

  return () => cancel()
}
