import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Sandbox, Sandboxes, SandboxNeeds, SandboxRefused } from '#lib/application/ports/sandboxes.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { CANARY_LATE_LOOK_MS, CANARY_WAIT_MS, type FromAgent } from '#lib/protocol/agent.ts'

import { AgentLink, FENCED, type LinkEvents, OTHER_PROTOCOL } from './agent-link.ts'
import { launchOf } from './launch.ts'

/** Whoever waits for a prompt waits for the canary no longer than most prompts take; the rest of its time runs beside. */
const CANARY_FIRST_MS = 30

/** A sandbox with its agent on the line, not yet anybody's. */
export type Warm = {
  readonly sandbox: Sandbox
  readonly link: AgentLink
  /** The language whose prompt is open; undefined while it takes any. */
  readonly lang: Language | undefined
  readonly bornAt: number
}

export type WarmRefused =
  | SandboxRefused
  | { readonly code: 'canary_open' }
  /** Its agent and we share no protocol: one of the two is too old. */
  | { readonly code: 'bad_protocol' }

type World = { sandboxes: Sandboxes; clock: Clock; metrics: Metrics }

/** Starts a sandbox and greets its agent. On any failure nothing of it remains. */
export async function startPlain(
  world: World,
  id: SandboxId,
  needs: SandboxNeeds,
  signal: AbortSignal,
): Promise<Result<Warm, WarmRefused>> {
  const bornAt = world.clock.now()
  let sandbox: Sandbox | undefined
  try {
    const started = await world.sandboxes.start(id, needs, signal)
    if (!started.ok) return started
    sandbox = started.value
    const link = await greet(world, sandbox, signal)
    world.metrics.observe('dragoman_pool_member_boot_seconds', { stage: 'start' }, (world.clock.now() - bornAt) / 1000)
    return ok({ sandbox, link, lang: undefined, bornAt })
  } catch (error) {
    await sandbox?.destroy()
    return err(isOtherProtocol(error) ? { code: 'bad_protocol' } : { code: 'start_failed', why: String(error) })
  }
}

/**
 * Dials the sandbox's agent and says hello; also for a sandbox that an earlier process of ours, or another replica, left
 * running. Rejects with what {@link isFenced} knows where one of a higher epoch has it already.
 */
export async function greet(
  world: Omit<World, 'sandboxes'>,
  sandbox: Pick<Sandbox, 'dial' | 'key' | 'ownIds'>,
  signal: AbortSignal,
  epoch = 0,
): Promise<AgentLink> {
  const link = new AgentLink(await sandbox.dial(signal), SILENT, world)
  try {
    const answer = heard(link, ['hello'], signal)
    link.hello(sandbox.key, epoch)
    const hello = await answer
    if (hello.type === 'hello') {
      world.metrics.set('dragoman_agent_version_info', { version: hello.agent }, 1)
      if (sandbox.ownIds && !hasOwnIds(hello.uidMap)) throw new Error(`The sandbox has the machine's user ids: ${hello.uidMap}`)
    }
    return link
  } catch (error) {
    link.close(isOtherProtocol(error) ? OTHER_PROTOCOL : 'done')
    throw error
  }
}

/** A runtime too old for user namespaces ignores that they were asked for, and says nothing. */
const hasOwnIds = (uidMap: string | undefined) => /^\s*0\s+[1-9]\d*\s+\d+/.test(uidMap ?? '')

/** Another server has the sandbox: nothing of it may be ended here. */
export const isFenced = (error: unknown) => error instanceof LineEnded && error.why === FENCED

/** Either side says so, whichever is newer. */
const isOtherProtocol = (error: unknown) =>
  (error instanceof AgentRefused && error.code === OTHER_PROTOCOL) || (error instanceof LineEnded && error.why === OTHER_PROTOCOL)

/** Opens the language's prompt in a plain one: its probe ran and the network canary stayed inside, or it is refused and destroyed. */
export async function prepare(
  world: World,
  plain: Warm,
  language: Language,
  size: { cols: number; rows: number },
  signal: AbortSignal,
  canaryWaitMs?: number,
): Promise<Result<Warm, WarmRefused>> {
  const from = world.clock.now()
  try {
    const answer = heard(plain.link, ['ready'], signal)
    const { outputBytes } = language.limits
    const { canary } = plain.sandbox
    plain.link.send({
      type: 'prepare',
      launch: launchOf(language),
      cols: size.cols,
      rows: size.rows,
      outputBytesMax: outputBytes,
      ...(canary &&
        canary !== 'tolerated' && { canary: { ...canary, ...(canaryWaitMs !== undefined && { waitMs: canaryWaitMs }) } }),
    })
    const ready = await answer
    const isOpen = ready.type === 'ready' && ready.canary === 'open'
    if (isOpen && canary !== 'tolerated') return await refuse(plain, { code: 'canary_open' })
    if (ready.type === 'ready' && ready.setUp && ready.setUp !== 'ok') {
      world.metrics.count('dragoman_setup_failures_total', { language: language.id, how: ready.setUp })
    }
    world.metrics.observe('dragoman_pool_member_boot_seconds', { stage: 'probe' }, (world.clock.now() - from) / 1000)
    return ok({ ...plain, lang: language })
  } catch (error) {
    return refuse(plain, { code: 'start_failed', why: String(error) })
  }
}

/**
 * The same for a visitor who waits for it. The canary is tried as long as for anybody, but beside the claim and while the prompt
 * is on its way: until it has not got out in its time, nothing that the visitor says reaches the sandbox.
 */
export async function prepareForWaiting(
  world: World,
  plain: Warm,
  language: Language,
  size: { cols: number; rows: number },
  signal: AbortSignal,
): Promise<Result<Warm, WarmRefused>> {
  const { canary } = plain.sandbox
  if (canary === undefined || canary === 'tolerated') return prepare(world, plain, language, size, signal)
  const prepared = await prepare(world, plain, language, size, signal, CANARY_FIRST_MS)
  if (prepared.ok) prepared.value.link.hold(CANARY_WAIT_MS + CANARY_LATE_LOOK_MS)
  return prepared
}

async function refuse(plain: Warm, refused: WarmRefused): Promise<Result<never, WarmRefused>> {
  plain.link.close('done')
  await plain.sandbox.destroy()
  return err(refused)
}

/** The next message of one of these types; rejects on a refusal, on the end of the line and on the signal. */
export function heard(link: AgentLink, types: readonly FromAgent['type'][], signal: AbortSignal): Promise<FromAgent> {
  return new Promise((resolve, reject) => {
    const done = (act: () => void) => {
      signal.removeEventListener('abort', aborted)
      link.listen(SILENT)
      act()
    }
    const aborted = () => done(() => reject(signal.reason as Error))
    signal.addEventListener('abort', aborted, { once: true })
    link.listen({
      ...SILENT,
      message(message) {
        if (types.includes(message.type)) done(() => resolve(message))
        else if (message.type === 'refused') done(() => reject(new AgentRefused(message.what, message.code)))
      },
      closed: (why) => done(() => reject(new LineEnded(why))),
    })
    if (signal.aborted) aborted()
  })
}

export class AgentRefused extends Error {
  readonly code: string
  constructor(what: string, code: string) {
    super(`The agent refused ${what}: ${code}`)
    this.code = code
  }
}

class LineEnded extends Error {
  readonly why: string
  constructor(why: string) {
    super(`The agent's connection ended: ${why}`)
    this.why = why
  }
}

const SILENT: LinkEvents = { message() {}, output() {}, taskOutput() {}, closed() {} }
