import { createHash } from 'node:crypto'

import type { Artifacts } from '#lib/application/ports/artifacts.ts'
import type { BuildQueue, Requested, RequestRefused } from '#lib/application/ports/build-queue.ts'
import type { Random } from '#lib/application/ports/time.ts'
import { type BuildInputs, type Priority, type Step, STEP_TIMEOUTS_MS } from '#lib/domain/build.ts'
import { inputsHash, missingInput } from '#lib/domain/build-inputs.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import { buildId, type BuildId, type LangId } from '#lib/domain/ids.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

export type BuildsWorld = { readonly queue: BuildQueue; readonly artifacts: Artifacts; readonly random: Random }

export type BuildAsk = {
  readonly lang: LangId
  /** As it stands in the config's file, with the recipes that it shares. */
  readonly configText: string
  readonly from: Step
  /** Version of the agent that its checks run under. */
  readonly agent: string
  readonly by: string
  readonly priority: Priority
  /** Differs where what was built before from the same inputs shall be built anew. */
  readonly refresh?: string
  /** Ends the same hand's other builds of the language that nobody else asked for. */
  readonly supersedes?: boolean
  /** What to start from where it is not the newest. */
  readonly base?: Digest
  readonly package?: Digest
  readonly image?: Digest
}

export type BuildRefused =
  | RequestRefused
  /** Nothing of the kind was made yet, so the build has to begin earlier. */
  | { readonly code: 'nothing_to_start_from'; readonly missing: 'base' | 'package' | 'image' }

/** Asks for a build on the newest base, from the language's newest package or image when it begins after them. */
export async function requestBuild(world: BuildsWorld, ask: BuildAsk): Promise<Result<Requested, BuildRefused>> {
  const { queue, artifacts } = world
  const { lang, from, agent, refresh, configText, by, priority, supersedes = false } = ask
  const base = ask.base ?? (await artifacts.newest('base'))
  if (!base) return err({ code: 'nothing_to_start_from', missing: 'base' })
  const pkg = ask.package ?? (from === 'image' ? await artifacts.newest('package', lang) : undefined)
  const image = ask.image ?? (from === 'test' ? await artifacts.newest('image', lang) : undefined)
  const config = digestOfHex(createHash('sha256').update(configText).digest('hex'))
  const inputs: BuildInputs = {
    ...{ lang, from, config, base, agent },
    ...(pkg && { package: pkg }),
    ...(image && { image }),
    ...(refresh !== undefined && { refresh }),
  }
  const missing = missingInput(inputs)
  if (missing) return err({ code: 'nothing_to_start_from', missing })
  const request = { inputs, inputsHash: inputsHash(inputs), configText, by, priority, supersedes, timeoutsMs: STEP_TIMEOUTS_MS }
  return queue.request({ ...request, id: newBuildId(world.random) })
}

export type RetryRefused =
  | RequestRefused
  | { readonly code: 'no_such_build' }
  | { readonly code: 'still_at_work' }
  | { readonly code: 'went_well' }

/** Asks for a build once more, with the very inputs that it had. Of many who ask, all get the same one. */
export async function retryBuild(
  { queue, random }: Omit<BuildsWorld, 'artifacts'>,
  { build, by, priority }: { readonly build: BuildId; readonly by: string; readonly priority: Priority },
): Promise<Result<Requested, RetryRefused>> {
  const ended = await queue.find(build)
  if (!ended) return err({ code: 'no_such_build' })
  if (ended.outcome === undefined) return err({ code: 'still_at_work' })
  if (ended.outcome === 'ok') return err({ code: 'went_well' })
  const { inputs } = ended
  const request = { inputs, inputsHash: inputsHash(inputs), by, priority, supersedes: false, timeoutsMs: STEP_TIMEOUTS_MS }
  const requested = await queue.request({ ...request, id: newBuildId(random), retryOf: build })
  if (!requested.ok || requested.value.how !== 'done') return requested
  // It was retried before, and that one has ended too: the newest of the line is what is retried.
  const again = await retryBuild({ queue, random }, { build: requested.value.build, by, priority })
  return !again.ok && again.error.code === 'went_well' ? ok(requested.value) : again
}

function newBuildId(random: Random): BuildId {
  const id = buildId(`b${random.hex(8)}`)
  if (!id) throw new Error('Cannot make a build id: that was not eight bytes of hex')
  return id
}
