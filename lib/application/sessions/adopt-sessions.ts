import { errorText } from '#lib/application/ports/log.ts'
import type { SessionRecord } from '#lib/application/ports/records.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'

import type { OpenSessionWorld } from './open-session.ts'
import { Session } from './session.ts'
import { greet } from './warm-up.ts'

const ADOPT_MS = 5000
/** More than any one machine has. */
const SESSIONS_MAX = 10_000
/** Jobs of a session that came over are numbered from here, above any it had. */
const FIRST_JOB = 1_000_000

/**
 * After a start: finds the sessions that the server before left running and takes them over, parked for their grace;
 * everything else that it left is swept away. Answers how many came over and how many sandboxes were swept.
 */
export async function adoptSessions(
  world: OpenSessionWorld,
  languages: ReadonlyMap<string, Language>,
): Promise<{ adopted: number; swept: number }> {
  const { records, replica, log, sandboxes, metrics } = world
  const rows = await records.takeOrphans(replica, 'everybody', SESSIONS_MAX).catch((error: unknown) => {
    log.warn('no sessions to adopt', { error: errorText(error) })
    return [] as SessionRecord[]
  })
  const kept = new Set<SandboxId>()
  await Promise.all(
    rows.map(async (row) => {
      if (await adopt(world, row, languages.get(row.lang))) kept.add(row.sandbox)
      else await records.sessionEnded(row.id, 'lost').catch(() => undefined) // the next start tries again
    }),
  )
  const swept = await sandboxes.sweep(kept)
  await records.forgetMembers().catch((error: unknown) => log.warn('members not forgotten', { error: errorText(error) }))
  metrics.count('dragoman_sandboxes_swept_total', {}, swept)
  return { adopted: kept.size, swept }
}

async function adopt(world: OpenSessionWorld, row: SessionRecord, language: Language | undefined): Promise<boolean> {
  const left = row.lifeEndsAt.getTime() - world.clock.today().getTime()
  if (!language || left <= 0) return false
  const sandbox = await world.sandboxes.adopt(row.sandbox, row.sandboxKey)
  if (!sandbox) return false
  try {
    const link = await greet(world, sandbox, AbortSignal.timeout(ADOPT_MS))
    const { clock, metrics, share, graceMs } = world
    const session = new Session({
      ...{ id: row.id, tokenHash: row.tokenHash, address: 'adopted', language, graceMs, clock, metrics, share, sandbox, link },
      ...{ firstJob: FIRST_JOB, lifeMs: left, ended: world.registry.ended },
    })
    world.registry.add(session, world.admission.adopt(session.address))
    return true
  } catch (error) {
    world.log.warn('session not adopted', { session: row.id, error: errorText(error) })
    await sandbox.destroy()
    return false
  }
}
