import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { MemberRecord } from '#lib/application/ports/records.ts'
import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { Language } from '#lib/domain/language.ts'

import { greet, isFenced, type Warm } from '../sessions/warm-up.ts'

/** A dial within a cluster takes milliseconds; what takes this long is not there. */
const REACH_MS = 1000

type World = { readonly sandboxes: Sandboxes; readonly clock: Clock; readonly metrics: Metrics; readonly log: Log }

/** A member that another server started, on the line; undefined when it is gone or another's. It is ended when it does not answer. */
export async function reach(world: World, record: MemberRecord, language: Language | undefined): Promise<Warm | undefined> {
  const { sandboxes, clock, log } = world
  const sandbox = await sandboxes.adopt(record.sandbox, record.key, record.address).catch(() => undefined)
  if (!sandbox) return undefined
  try {
    const link = await greet(world, sandbox, AbortSignal.timeout(REACH_MS))
    return { sandbox, link, lang: language, bornAt: clock.now() }
  } catch (error) {
    log.warn('member not reached', { sandbox: record.sandbox, error: errorText(error) })
    if (!isFenced(error)) await sandbox.destroy().catch(() => undefined) // and the sweep tries again
    return undefined
  }
}

/** Above that of whoever dials a member, as the epoch of each session is. */
const SESSION_EPOCH = 1

/**
 * A member that is handed out without the records, dialled as a session's sandbox is: whoever leases it by a row that is out
 * of date, when the records are back, is turned away. Undefined when it does not answer.
 */
export async function hold<M extends Warm>(world: World, member: M): Promise<M | undefined> {
  try {
    return { ...member, link: await greet(world, member.sandbox, AbortSignal.timeout(REACH_MS), SESSION_EPOCH) }
  } catch (error) {
    world.log.warn('member not held', { sandbox: member.sandbox.id, error: errorText(error) })
    return undefined
  }
}
