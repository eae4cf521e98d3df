import { createHash } from 'node:crypto'

import { errorText } from '#lib/application/ports/log.ts'
import type { SessionRecord } from '#lib/application/ports/records.ts'
import type { LangId, SessionId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import type { OpenSessionWorld } from './open-session.ts'
import { Session } from './session.ts'
import { greet, isFenced } from './warm-up.ts'

/** An agent that did not say hello by then is gone, and its session with it. */
const GREET_MS = 5000
/** Jobs of a session that came over are numbered from here for each time it did, above any it had: runs are limited far below. */
const JOBS_PER_EPOCH = 100_000

export type TakeOverWorld = Omit<OpenSessionWorld, 'pool' | 'random'> & {
  /** As it may be started now. */
  language(id: LangId): Language | undefined
}
export type ResumeAsk = { readonly session: SessionId; readonly token: string; readonly address: string }

/** Finds the session of whoever has its token: here, or at another server, from which it is then taken over. */
export function resumeSession(world: TakeOverWorld): (ask: ResumeAsk) => Promise<Result<Session, Problem>> {
  const coming = new Map<SessionId, Promise<unknown>>()
  return async function resume(ask) {
    const here = world.registry.find(ask.session, ask.token)
    if (here.ok || here.error.code !== 'no_session') return here
    const other = coming.get(ask.session)
    if (other) {
      await other // of two sockets of one page the second finds what the first brought
      return resume(ask)
    }
    const bringing = bring(world, ask).finally(() => coming.delete(ask.session))
    coming.set(ask.session, bringing)
    return bringing
  }
}

async function bring(world: TakeOverWorld, { session, token, address }: ResumeAsk): Promise<Result<Session, Problem>> {
  const refusal = world.refusal()
  if (refusal?.code === 'draining') return err(refusal) // whatever else keeps new sessions out, this one is in already
  const tokenHash = createHash('sha256').update(token).digest('hex')
  const taken = await world.records.takeSession(session, tokenHash, world.replica).catch((error: unknown) => {
    world.log.warn('session not looked up', { error: errorText(error) })
    // A server that is alone has taken over at its start whatever there was.
    return err({ code: world.isShared ? 'no_database' : 'no_session' } as const)
  })
  if (!taken.ok) return taken
  const revived = await revive(world, taken.value, 'visitor', address)
  if (typeof revived !== 'string') return ok(revived)
  return err(revived === 'lost' ? { code: 'session_ended', reason: 'lost' } : { code: 'moved' })
}

/** Why a session could not be had: its sandbox is gone; another server has it by now; its language is not known here yet. */
type NotHad = 'lost' | 'fenced' | 'unknown_lang'

/** The session of a row that was just taken over, parked for its grace. One that is lost has ended. */
export async function revive(
  world: TakeOverWorld,
  row: SessionRecord,
  why: 'visitor' | 'orphan',
  address: string,
): Promise<Session | NotHad> {
  const session = await reach(world, row, address)
  world.metrics.count('dragoman_session_takeovers_total', { why, outcome: typeof session === 'string' ? session : 'ok' })
  if (session === 'lost') await world.records.sessionEnded(row.id, 'lost').catch(() => undefined) // whoever asks next tries again
  return session
}

async function reach(world: TakeOverWorld, row: SessionRecord, address: string): Promise<Session | NotHad> {
  const { clock, metrics, share, graceMs, registry } = world
  const language = world.language(row.lang)
  // A server that has just started beside others may not have heard of all that is deployed.
  if (!language) return world.isShared ? 'unknown_lang' : 'lost'
  const lifeMs = row.lifeEndsAt.getTime() - clock.today().getTime()
  const sandbox = lifeMs > 0 ? await world.sandboxes.adopt(row.sandbox, row.sandboxKey, row.address) : undefined
  if (!sandbox) return 'lost'
  try {
    const link = await greet(world, sandbox, AbortSignal.timeout(GREET_MS), row.epoch)
    const { id, tokenHash, epoch } = row
    const firstJob = (epoch - 1) * JOBS_PER_EPOCH
    const session = new Session({
      ...{ id, tokenHash, epoch, address, language, graceMs, lifeMs, clock, metrics, share, sandbox, link, firstJob },
      ...{ ended: registry.ended, released: registry.released },
      ...(world.isShared && { isHeld: registry.isHeld }),
    })
    registry.add(session, world.admission.adopt(address))
    return session
  } catch (error) {
    world.log.warn('session not taken over', { session: row.id, error: errorText(error) })
    if (isFenced(error)) return 'fenced'
    await sandbox.destroy()
    return 'lost'
  }
}
