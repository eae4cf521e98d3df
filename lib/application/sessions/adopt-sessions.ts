import { errorText } from '#lib/application/ports/log.ts'
import type { SessionRecord } from '#lib/application/ports/records.ts'
import type { SandboxId } from '#lib/domain/ids.ts'

import { revive, type TakeOverWorld } from './take-over.ts'

/** More than any one machine has. */
const SESSIONS_MAX = 10_000
/** Orphans that one server takes at a time, so that others take some too. */
const ORPHANS_AT_ONCE = 20
/** Whose sessions no visitor has asked for yet. */
const NOBODY = 'adopted'

/**
 * After the start of a server that is alone: takes over the sessions that the one before left running, parked for their
 * grace; everything else that it left is swept away. Answers how many came over and how many sandboxes were swept.
 */
export async function adoptSessions(world: TakeOverWorld): Promise<{ adopted: number; swept: number }> {
  const { records, replica, log, sandboxes, metrics } = world
  const rows = await records.takeOrphans(replica, 'everybody', SESSIONS_MAX).catch((error: unknown) => {
    log.warn('no sessions to adopt', { error: errorText(error) })
    return [] as SessionRecord[]
  })
  const kept = new Set<SandboxId>()
  await Promise.all(
    rows.map(async (row) => {
      const revived = await revive(world, row, 'orphan', NOBODY)
      if (typeof revived !== 'string') kept.add(row.sandbox)
    }),
  )
  const swept = await sandboxes.sweep(kept)
  await records.forgetMembers().catch((error: unknown) => log.warn('members not forgotten', { error: errorText(error) }))
  metrics.count('dragoman_sandboxes_swept_total', {}, swept)
  return { adopted: kept.size, swept }
}

/** Takes over sessions of servers that are gone, parked for their grace: whoever comes back for one has it, else it ends here. */
export async function adoptOrphans(world: TakeOverWorld, silent: readonly string[]): Promise<number> {
  let adopted = 0
  for (;;) {
    const rows = await world.records.takeOrphans(world.replica, silent, ORPHANS_AT_ONCE)
    const revived = await Promise.all(rows.map((row) => revive(world, row, 'orphan', NOBODY)))
    adopted += revived.filter((session) => typeof session !== 'string').length
    if (rows.length < ORPHANS_AT_ONCE) return adopted
  }
}
