import type { Clock } from '#lib/application/ports/time.ts'

/** A session that printed more than this in one window, 1 MB/s, is a flood: nobody reads as fast. */
export const FLOOD_BYTES = 250_000
export const WINDOW_MS = 250

type Flow = { windowAt: number; windowBytes: number; isFlood: boolean; paidUntil: number }

/**
 * Shares the machine among floods. One alone may be as fast as it can; several together get `bytesPerSecond` in equal
 * parts, by acknowledgements that wait, so that whoever types beside them does not notice. Quiet sessions never wait.
 */
export function outputShare(clock: Clock, bytesPerSecond: number) {
  const flows = new Map<object, Flow>()

  function roll(flow: Flow, now: number): void {
    if (now - flow.windowAt < WINDOW_MS) return
    const isRecent = now - flow.windowAt < 2 * WINDOW_MS
    // One that is made to wait prints little, and is a flood as long as it takes all that it is given.
    const takesAll = flow.isFlood && flow.paidUntil > now - WINDOW_MS / 2
    flow.isFlood = isRecent && (takesAll || flow.windowBytes > FLOOD_BYTES)
    flow.windowAt = now
    flow.windowBytes = 0
  }
  const floods = (now: number) => {
    let count = 0
    for (const flow of flows.values()) {
      roll(flow, now)
      if (flow.isFlood || flow.windowBytes > FLOOD_BYTES) count += 1
    }
    return count
  }
  return {
    /** Milliseconds that the acknowledgement of so many bytes more is to wait. */
    delay(session: object, bytes: number): number {
      const now = clock.now()
      const flow = flows.get(session) ?? { windowAt: now, windowBytes: 0, isFlood: false, paidUntil: now }
      flows.set(session, flow)
      roll(flow, now)
      flow.windowBytes += bytes
      const isPaced = (flow.isFlood || flow.paidUntil > now) && floods(now) > 1
      if (!isPaced) return 0
      flow.paidUntil = Math.max(flow.paidUntil, now) + (bytes * 1000 * floods(now)) / bytesPerSecond
      return flow.paidUntil - now
    },
    forget: (session: object) => void flows.delete(session),
  }
}

export type OutputShare = ReturnType<typeof outputShare>
