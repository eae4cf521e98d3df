import type { Clock } from '#lib/application/ports/time.ts'
import type { EndReason } from '#lib/domain/ending.ts'

import { NO_VIEWER, type Viewer } from './viewer.ts'

/** Somebody watches. Owns no timer. */
export class Attached {
  readonly name = 'attached'
  readonly viewer: Viewer
  constructor(viewer: Viewer) {
    this.viewer = viewer
  }
  leave(): void {}
}

/** Nobody watches; owns the grace after which nobody ever will. */
export class Parked {
  readonly name = 'parked'
  readonly viewer = NO_VIEWER
  readonly since: number
  /** False for a session that waits for its first viewer. */
  readonly everAttached: boolean
  readonly #cancel: () => void
  constructor(clock: Clock, graceMs: number, over: () => void, everAttached = false) {
    this.since = clock.now()
    this.everAttached = everAttached
    this.#cancel = clock.after(graceMs, over)
  }
  leave(): void {
    this.#cancel()
  }
}

/** Over, with the first reason there was. */
export class Ended {
  readonly name = 'ended'
  readonly viewer = NO_VIEWER
  readonly reason: EndReason
  constructor(reason: EndReason) {
    this.reason = reason
  }
  leave(): void {}
}

/** Not over, but another server's: nothing that is done here may touch its sandbox. */
export class Released {
  readonly name = 'released'
  readonly viewer = NO_VIEWER
  leave(): void {}
}

export type SessionState = Attached | Parked | Ended | Released
