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

/** Members to keep of one language, both within the limit and the budget. */
export type Target = {
  /** Among all servers. */
  readonly floor: number
  /** By this server, for what it is asked for itself. */
  readonly own: number
}

/**
 * Members to keep per language: arrivals during a refill (rate × refill time × hold), at least the floor, at most the
 * limit; then cut to the memory budget, floors first, then the busiest.
 */
export function poolTargets(demands: readonly Demand[], budget: PoolBudget): Map<string, Target> {
  const targets = new Map<string, Target>()
  let left = Math.floor(budget.memoryBytes / budget.memberBytes)
  const give = (wanted: number) => {
    const given = Math.max(0, Math.min(wanted, left))
    left -= given
    return given
  }
  const busiestFirst = [...demands].sort((a, b) => b.perSecond - a.perSecond || (a.id < b.id ? -1 : 1))
  for (const { id, floor } of busiestFirst) {
    const given = give(Math.min(floor, budget.membersPerLanguageMax))
    if (given > 0) targets.set(id, { floor: given, own: 0 })
  }
  for (const { id, perSecond } of busiestFirst) {
    const wanted = Math.min(Math.ceil(perSecond * budget.refillSeconds * HOLD), budget.membersPerLanguageMax)
    const floor = targets.get(id)?.floor ?? 0
    const own = Math.min(wanted, floor + give(wanted - floor))
    if (own > 0) targets.set(id, { floor, own })
  }
  return targets
}
