/** What is known of one language's demand when targets are set. */
export type Demand = {
  readonly id: string
  /** Starts a second, smoothed. */
  readonly perSecond: number
  /** Members wanted whatever the demand: configured, or meant by somebody who opened the page. */
  readonly floor: number
}

export type PoolBudget = {
  /** From a lease to its replacement being ready, in seconds. */
  readonly refillSeconds: number
  readonly memberBytes: number
  readonly memoryBytes: number
  readonly membersPerLanguageMax: number
}

/** A refill is not the only thing a machine does; members must last this many times its usual length. */
const HOLD = 2

/**
 * Members to keep per language: arrivals during a refill (rate × refill time × hold), at least the floor, at most the
 * limit; then cut to the memory budget, floors first, then the busiest.
 */
export function poolTargets(demands: readonly Demand[], budget: PoolBudget): Map<string, number> {
  const targets = new Map<string, number>()
  let left = Math.floor(budget.memoryBytes / budget.memberBytes)
  const give = (id: string, wanted: number) => {
    const given = Math.max(0, Math.min(wanted, left))
    if (given > 0) targets.set(id, (targets.get(id) ?? 0) + given)
    left -= given
  }
  const busiestFirst = [...demands].sort((a, b) => b.perSecond - a.perSecond || (a.id < b.id ? -1 : 1))
  for (const { id, floor } of busiestFirst) give(id, Math.min(floor, budget.membersPerLanguageMax))
  for (const { id, perSecond } of busiestFirst) {
    const wanted = Math.min(Math.ceil(perSecond * budget.refillSeconds * HOLD), budget.membersPerLanguageMax)
    give(id, wanted - (targets.get(id) ?? 0))
  }
  return targets
}
