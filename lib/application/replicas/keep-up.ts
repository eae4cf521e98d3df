import { errorText } from '#lib/application/ports/log.ts'
import type { SandboxId } from '#lib/domain/ids.ts'

import type { Pool } from '../pool/pool.ts'
import { adoptOrphans } from '../sessions/adopt-sessions.ts'
import type { TakeOverWorld } from '../sessions/take-over.ts'
import { type Beat, watchReplicas } from './watch-replicas.ts'

/** Sandboxes that nobody knows are looked for this often. */
const SWEEP_MS = 30_000
/**
 * Nothing is swept before the records have answered for so long: what other replicas started while they were away is
 * written in the beats that follow.
 */
const STEADY_MS = 60_000
/** A place in the pool, or a lease, that nothing came of by then belongs to nobody: longer than any start takes. */
const EXPIRE_MS = 300_000

/** `pool` may be one that does not run. */
export type KeepUpWorld = TakeOverWorld & { readonly pool: Pick<Pool, 'adopt' | 'changed' | 'settle'> }

/**
 * Keeps this replica up with the records and the others: writes what is owed, takes over what replicas that are gone have
 * left, and ends sandboxes that are nobody's. A server that is alone has nobody to take over from, and swept at its start.
 */
export function keepUp(world: KeepUpWorld): { stop(): Promise<void> } {
  const { clock, log, registry, isShared } = world
  let sweptAt = clock.now()

  async function beaten({ silent, alive, steadyMs }: Beat): Promise<void> {
    world.admission.beside(alive)
    await registry.settle()
    if (silent.length > 0) await takeOver(world, silent)
    if (!isShared) return
    world.pool.changed()
    if (steadyMs < STEADY_MS || clock.now() - sweptAt < SWEEP_MS) return
    sweptAt = clock.now()
    await sweep(world).catch((error: unknown) => log.warn('not swept', { error: errorText(error) }))
  }
  return watchReplicas(world, beaten)
}

async function takeOver(world: KeepUpWorld, silent: readonly string[]): Promise<void> {
  const { records, replica, log } = world
  if (world.isShared) {
    const sessions = await adoptOrphans(world, silent)
    const members = await records.takeMembers(replica, silent)
    await world.pool.adopt(members)
    if (sessions + members.length > 0) log.info('took over', { sessions, members: members.length, from: silent.join(' ') })
  }
  await records.forgetReplicas(silent)
}

/** What this replica knows itself is spared whatever the records say: a row may still be on its way. */
async function sweep({ records, registry, pool, sandboxes, metrics, log }: KeepUpWorld): Promise<void> {
  await records.expireMembers(EXPIRE_MS)
  await records.expireSessions(EXPIRE_MS)
  await records.expirePlaces(EXPIRE_MS)
  const ledger = await records.ledger()
  await pool.settle(ledger)
  const keep = new Set<SandboxId>([...ledger, ...registry.sandboxes()])
  const swept = await sandboxes.sweep(keep)
  metrics.count('dragoman_sandboxes_swept_total', {}, swept)
  if (swept > 0) log.info('swept', { sandboxes: swept })
}
