import type { SandboxId } from '#lib/domain/ids.ts'

import type { PodView } from './pod-view.ts'

/** A younger pod may be somebody's start that no ledger has yet. */
const YOUNG_MS = 60_000
/** Of all pods at most this share goes in one sweep, so that a wrong ledger does not take the house down... */
const SHARE_MAX = 0.3
/** ...but a handful may always go, and never more than the API server likes at once. */
const AT_ONCE = { min: 5, max: 50 }

export type Sweep = {
  /** All that nobody claims. */
  readonly astray: readonly PodView[]
  /** Those of them that go now, oldest first. */
  readonly now: readonly PodView[]
}

/** Which pods are nobody's, and which of them go in this sweep. `nowMs` is by the cluster's clock. */
export function planSweep(pods: readonly PodView[], keep: ReadonlySet<SandboxId>, nowMs: number, youngMs = YOUNG_MS): Sweep {
  const astray = pods
    .filter(({ name, createdAtMs }) => !keep.has(name as SandboxId) && nowMs - createdAtMs >= youngMs)
    .sort((a, b) => a.createdAtMs - b.createdAtMs)
  const most = Math.min(Math.max(Math.floor(pods.length * SHARE_MAX), AT_ONCE.min), AT_ONCE.max)
  return { astray, now: astray.slice(0, most) }
}
