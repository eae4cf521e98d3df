import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Records } from '#lib/application/ports/records.ts'
import type { Clock } from '#lib/application/ports/time.ts'

export const BEAT_MS = 3000
/** A replica whose beats stood still for so long is gone: five of them. */
export const SILENT_MS = 15_000

type World = {
  readonly records: Pick<Records, 'beat'>
  readonly replica: string
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
}

/** What one beat found. */
export type Beat = {
  /** Replicas whose own beats have stood still for {@link SILENT_MS}. */
  readonly silent: readonly string[]
  /** Replicas that are not, this one included. */
  readonly alive: number
  /** Since when the records have answered every beat, in ms. */
  readonly steadyMs: number
}

/**
 * Beats for this replica and watches the others', by a clock of its own. Whoever could not look for a while, since the
 * records or it itself stood still, cannot say who was silent meanwhile, and starts to watch anew. `beaten` is awaited
 * before the next beat is due.
 */
export function watchReplicas(world: World, beaten: (beat: Beat) => Promise<void>): { stop(): Promise<void> } {
  const { records, replica, clock, metrics, log } = world
  const seen = new Map<string, { beats: number; since: number }>()
  let steadyFrom: number | undefined
  let lookedAt = clock.now()
  let stopped = false
  let cancel = () => {}
  let busy = Promise.resolve()

  async function beat(): Promise<void> {
    try {
      const all = await records.beat(replica)
      const now = clock.now()
      if (now - lookedAt > SILENT_MS) startAnew()
      lookedAt = now
      steadyFrom ??= now
      for (const name of seen.keys()) if (!all.some((each) => each.name === name)) seen.delete(name)
      for (const { name, beats } of all) if (seen.get(name)?.beats !== beats) seen.set(name, { beats, since: now })
      const silent = [...seen].filter(([, { since }]) => now - since >= SILENT_MS).map(([name]) => name)
      const alive = seen.size - silent.length
      metrics.set('dragoman_replicas_seen', {}, alive)
      await beaten({ silent, alive, steadyMs: now - steadyFrom })
    } catch (error) {
      startAnew()
      log.warn('beat missed', { error: errorText(error) })
    }
  }

  function startAnew(): void {
    seen.clear()
    steadyFrom = undefined
  }

  async function round(): Promise<void> {
    await beat()
    if (!stopped) next(BEAT_MS)
  }

  function next(afterMs: number): void {
    cancel = clock.after(afterMs, () => void (busy = round()))
  }
  next(0)

  return {
    async stop() {
      stopped = true
      cancel()
      await busy
    },
  }
}
