import { createHash } from 'node:crypto'

import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Records } from '#lib/application/ports/records.ts'
import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Clock, Random } from '#lib/application/ports/time.ts'
import { sandboxId, sessionId, type SandboxId, type SessionId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { visitorAt } from '#lib/domain/turns.ts'
import type { TerminalSize } from '#lib/domain/terminal-size.ts'
import type { Phase } from '#lib/protocol/browser.ts'

import type { Admission, Leased, Place } from '../admission/admission.ts'
import { keptAs } from '../pool/kept-as.ts'
import type { Pool } from '../pool/pool.ts'
import type { OutputShare } from './output-share.ts'
import type { SessionRegistry } from './registry.ts'
import { Session } from './session.ts'
import { AgentRefused, heard, isFenced, prepareForWaiting, startPlain, type Warm } from './warm-up.ts'

/** Members that turn out not to answer; then a sandbox is started, as if the pool were empty. */
const CLAIM_TRIES = 3
/** An agent answers in milliseconds. One that takes this long stands still, well before its silence says so. */
const CLAIM_MS_MAX = 5000
const FIRST_EPOCH = 1
/** A claim is noted outside when the prompt has long been seen: it would be in its way. */
const NOTE_AFTER_MS = 1000

export type OpenSessionWorld = {
  sandboxes: Sandboxes
  records: Records
  /** The name of this one among those that share the records. */
  replica: string
  /** Others do share them: a session may be another server's from one moment to the next. */
  isShared: boolean
  pool: Pick<Pool, 'take'>
  admission: Admission
  registry: SessionRegistry
  clock: Clock
  random: Random
  metrics: Metrics
  log: Log
  share: OutputShare
  graceMs: number
  /** From admission to a claimed sandbox; then the visitor is told that it failed. */
  startMs: number
  /** Why no session may be opened now, if so: the self-test failed, or the server is going. */
  refusal(): Problem | undefined
}

export type OpenSession = {
  readonly language: Language
  readonly address: string
  readonly size: TerminalSize
  readonly phase: (phase: Phase, place?: number) => void
  readonly signal: AbortSignal
}

export type Opened = { readonly session: Session; readonly token: string; readonly path: Path }
type Path = 'warm' | 'plain' | 'cold'
type Claimed = { readonly warm: Warm; readonly path: Path }

/** Gives the visitor a sandbox of their own: one of the pool's, else a new one. On refusal nothing is left behind. */
export async function openSession(world: OpenSessionWorld, ask: OpenSession): Promise<Result<Opened, Problem>> {
  const from = world.clock.now()
  const refusal = world.refusal()
  if (refusal) return fail(world, ask, refusal)
  const id = sessionId(world.random.hex(16)) as SessionId // sixteen bytes are the 32 digits that an id has
  const { language, address } = ask
  const wish = { lang: language.id, keptAs: keptAs(language) }
  const place = await world.admission.enter({
    session: id,
    address,
    wish,
    place: (n) => ask.phase('queued', n),
    signal: ask.signal,
  })
  if (!place.ok) return fail(world, ask, place.error)

  const signal = AbortSignal.any([ask.signal, AbortSignal.timeout(world.startMs)])
  const claimed = await claimOne(world, ask, id, place.value.leased, signal)
  if (!claimed.ok) {
    place.value.release()
    return fail(world, ask, claimed.error)
  }
  const { warm, path } = claimed.value
  const seconds = (world.clock.now() - from) / 1000
  world.metrics.observe('dragoman_session_start_duration_seconds', { path, outcome: 'ok' }, seconds)
  world.metrics.count('dragoman_session_starts_total', { language: ask.language.id, path, outcome: 'ok' })
  return ok({ ...begin(world, ask, id, warm, place.value), path })
}

/** Of a visitor who left meanwhile nothing failed, whatever stopped it. */
function fail(world: OpenSessionWorld, ask: OpenSession, problem: Problem): Result<never, Problem> {
  const outcome = ask.signal.aborted ? 'left' : problem.code
  world.metrics.count('dragoman_session_starts_total', { language: ask.language.id, path: 'none', outcome })
  if (outcome !== 'left') world.metrics.count('dragoman_session_start_failures_total', { reason: problem.code })
  return err(problem)
}

async function claimOne(
  world: OpenSessionWorld,
  ask: OpenSession,
  id: SessionId,
  leased: Leased | undefined,
  signal: AbortSignal,
): Promise<Result<Claimed, Problem>> {
  for (let n = 0; n <= CLAIM_TRIES; n++) {
    const member = n < CLAIM_TRIES ? await world.pool.take(ask.language, id, n === 0 ? leased : undefined) : undefined
    const path = member ? (member.lang ? 'warm' : 'plain') : 'cold'
    const warm = await specialise(world, ask, member, signal)
    if (!warm.ok) {
      world.log.warn('sandbox did not start', { lang: ask.language.id, path, code: warm.error.code })
      if (path !== 'cold') continue
      return err(warm.error.code === 'no_room' ? { code: 'no_room' } : { code: 'start_failed' })
    }
    ask.phase('claiming')
    if (await claimInTime(world, warm.value, id, ask.language, signal)) return ok({ warm: warm.value, path })
  }
  return err({ code: 'start_failed' })
}

async function specialise(world: OpenSessionWorld, ask: OpenSession, member: Warm | undefined, signal: AbortSignal) {
  if (member?.lang) return ok(member)
  if (!member) ask.phase('starting')
  const id = sandboxId(`sb${world.random.hex(10)}`) as SandboxId // ten bytes are the twenty digits that an id has
  const plain = member ? ok(member) : await startPlain(world, id, { ...ask.language, phase: ask.phase }, signal)
  if (!plain.ok) return plain
  ask.phase('preparing')
  return prepareForWaiting(world, plain.value, ask.language, ask.size, signal)
}

/** As {@link claim}, of an agent that may stand still. */
async function claimInTime(world: OpenSessionWorld, ...[warm, id, language, signal]: ClaimArgs): Promise<boolean> {
  const late = new AbortController()
  const cancel = world.clock.after(CLAIM_MS_MAX, () => late.abort(new Error(`No answer in ${CLAIM_MS_MAX} ms`)))
  return claim(world, warm, id, language, AbortSignal.any([signal, late.signal])).finally(cancel)
}
type ClaimArgs = readonly [warm: Warm, id: SessionId, language: Language, signal: AbortSignal]

/** False when the sandbox is somebody else's already (and stays theirs), or did not answer (and is destroyed). */
async function claim(
  world: OpenSessionWorld,
  warm: Warm,
  id: SessionId,
  language: Language,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const answer = heard(warm.link, ['claimed'], signal)
    warm.link.send({
      type: 'claim',
      session: id,
      epoch: FIRST_EPOCH,
      token: world.random.hex(16),
      lifeMs: language.limits.lifeMs,
    })
    await answer
    return true
  } catch (error) {
    world.log.warn('claim failed', { error: errorText(error) })
    warm.link.close('done')
    const isAnothers = isFenced(error) || (error instanceof AgentRefused && error.code === 'already_claimed')
    if (isAnothers) world.metrics.count('dragoman_pool_double_claim_refused_total', {})
    else if (!isFenced(error)) await warm.sandbox.destroy()
    world.records.memberGone(warm.sandbox.id, world.replica).catch(() => undefined) // then the lease expires
    return false
  }
}

function begin(
  world: OpenSessionWorld,
  ask: OpenSession,
  id: SessionId,
  warm: Warm,
  place: Place,
): { session: Session; token: string } {
  const token = world.random.hex(16)
  const tokenHash = createHash('sha256').update(token).digest('hex')
  const { language, address } = ask
  const { lifeMs } = language.limits
  const { clock, metrics, share, graceMs, registry } = world
  const session = new Session({
    ...{ id, tokenHash, address, language, graceMs, lifeMs, clock, metrics, share, firstJob: 0, epoch: FIRST_EPOCH },
    ...{ sandbox: warm.sandbox, link: warm.link, ended: registry.ended, released: registry.released },
    ...(world.isShared && { isHeld: registry.isHeld }),
  })
  world.registry.add(session, place)
  const startedAt = clock.today()
  const lifeEndsAt = new Date(startedAt.getTime() + lifeMs)
  const { id: sandbox, key: sandboxKey, address: at } = warm.sandbox
  // Off the path to the prompt: a session whose row is missing works, it is only not found again after a restart.
  world.registry.record({
    ...{ id, lang: language.id, sandbox, sandboxKey, tokenHash, epoch: FIRST_EPOCH, owner: world.replica, startedAt, lifeEndsAt },
    ...(at !== undefined && { address: at }),
    ...(world.isShared && { visitor: visitorAt(address) }),
  })
  clock.after(NOTE_AFTER_MS, () => {
    if (session.state === 'ended') return
    warm.sandbox
      .claimed?.(language.limits)
      .catch((error: unknown) => world.log.warn('claim not noted', { error: errorText(error) }))
  })
  return { session, token }
}
