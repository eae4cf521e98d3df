import { CANARY_LATE_LOOK_MS, CANARY_LATE_MS, CANARY_WAIT_MS, type Canary } from '#lib/protocol/agent-words.ts'

import { beginConnect, closeFd, connectOutcome } from './libc.ts'
import { placeOf } from './place.ts'

/** Cloud metadata and public resolvers, over both families: whatever leads out leads to one of them. */
const OUTSIDE = ['169.254.169.254:80', '[fd00:ec2::254]:80', '1.1.1.1:53', '[2001:4860:4860::8888]:53']
/** How often connections under way are looked at before `ready`. */
const LOOK_MS = 10

// EPERM EACCES EAFNOSUPPORT EADDRNOTAVAIL ENETDOWN ENETUNREACH EHOSTUNREACH: the kernel refused before a packet left.
const REFUSED: ReadonlySet<number | undefined> = new Set([1, 13, 97, 99, 100, 101, 113])
/** It was connected, and whoever answered hung up. */
const ECONNRESET = 104

type Found = 'blocked' | 'open'

/**
 * Tries to reach the network where there shall be none at all. Anything but a refusal on the spot is `open`: a connection
 * under way has sent a packet, and a firewall that merely drops it cannot be told from a slow network.
 */
export function tryNetwork(): Found {
  return OUTSIDE.every((target) => REFUSED.has(begin(target))) ? 'blocked' : 'open'
}

/** The errno with which it was refused on the spot. */
function begin(target: string): number | undefined {
  const place = placeOf(target)
  const begun = place && beginConnect(place)
  if (begun?.fd !== undefined) closeFd(begun.fd)
  return begun?.errno
}

/**
 * Tries to reach what a firewall shall keep away, where packets may be refused, answered in its name or dropped: `open` if and
 * only if something was reached. A firewall that comes up late, or a slow network, may let one through after the answer:
 * `reachedLate` is called then.
 */
export async function tryTargets({ targets, waitMs = CANARY_WAIT_MS }: Canary, reachedLate: () => void): Promise<Found> {
  const attempts = new Attempts([...OUTSIDE, ...targets])
  if (await attempts.reachWithin(waitMs, LOOK_MS)) return 'open'
  void listenOn(attempts, reachedLate)
  return 'blocked'
}

async function listenOn(attempts: Attempts, reachedLate: () => void): Promise<void> {
  const reached = await attempts.reachWithin(CANARY_LATE_MS, CANARY_LATE_LOOK_MS)
  attempts.end()
  if (reached) reachedLate()
}

/** Connections to several targets, all begun at once. */
class Attempts {
  #underWay: number[] = []
  #reached = false

  constructor(targets: readonly string[]) {
    for (const target of targets) {
      const place = placeOf(target)
      const begun = place && beginConnect(place)
      if (begun?.fd !== undefined) this.#underWay.push(begun.fd)
      else if (!begun?.errno) this.#reached = true // what cannot be tried is not shown to be blocked
    }
  }

  async reachWithin(ms: number, lookMs: number): Promise<boolean> {
    const until = performance.now() + ms
    while (!this.#look() && this.#underWay.length > 0 && performance.now() < until) await Bun.sleep(lookMs)
    if (this.#reached) this.end()
    return this.#reached
  }

  end(): void {
    for (const fd of this.#underWay.splice(0)) closeFd(fd)
  }

  #look(): boolean {
    this.#underWay = this.#underWay.filter((fd) => {
      const outcome = connectOutcome(fd)
      if (outcome === undefined) return true
      if (outcome === 0 || outcome === ECONNRESET) this.#reached = true
      closeFd(fd)
      return false
    })
    return this.#reached
  }
}
