import { createHash } from 'node:crypto'

import type { AttemptEnd, BuildQueue, BuildRequest, Leased } from '#lib/application/ports/build-queue.ts'
import type { Artifacts } from '#lib/application/ports/artifacts.ts'
import type { Artifact, Combination } from '#lib/domain/artifact.ts'
import { type BuildInputs, PRIORITIES, type TestResult } from '#lib/domain/build.ts'
import { inputsHash } from '#lib/domain/build-inputs.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'

let made = 0
/** Differs in each process too: tests of several share a database. */
const next = () => `${process.pid}-${++made}`

export const digestOf = (text: string): Digest => digestOfHex(createHash('sha256').update(text).digest('hex'))
export const newBuildId = () => `b${digestOf(next()).slice(-16)}` as BuildId
export const newLang = () => `lang${digestOf(next()).slice(-12)}` as LangId

export const AGENT = '1.0.0'
export const BASE: Artifact = { kind: 'base', digest: digestOf('base'), size: 1, inputs: [], facts: { distribution: 'debian' } }
const AGENT_BYTES = { kind: 'agent', digest: digestOf('agent'), size: 1, inputs: [], facts: {} } as const

/** What every build stands on. */
export async function seedBuilds(artifacts: Artifacts): Promise<void> {
  await artifacts.record(BASE)
  await artifacts.release(AGENT, AGENT_BYTES)
}

export const TIMEOUTS_MS = { package: 60_000, image: 30_000, test: 20_000 }

export function newInputs(inputs: Partial<BuildInputs> = {}): BuildInputs {
  return { lang: newLang(), from: 'package', config: digestOf(next()), base: BASE.digest, agent: AGENT, ...inputs }
}

/** A request for a new language, or for what is given. */
export function newRequest({
  inputs: some,
  ...rest
}: Partial<Omit<BuildRequest, 'inputs'>> & { inputs?: Partial<BuildInputs> } = {}) {
  const inputs = newInputs(some)
  const request = {
    id: newBuildId(),
    by: 'ada',
    priority: PRIORITIES.change,
    timeoutsMs: TIMEOUTS_MS,
    supersedes: false,
    ...rest,
  }
  return { ...request, inputs, inputsHash: inputsHash(inputs), configText: `id: ${inputs.lang}\n` } satisfies BuildRequest
}

/** What a step makes of these inputs, the same each time. */
export function madeOf(kind: 'package' | 'image', { lang, config, base }: BuildInputs, from?: Digest): Artifact {
  const inputs = from ? [base, from] : [base]
  return {
    kind,
    digest: digestOf(`${kind} ${lang} ${config} ${inputs.join()}`),
    size: 10,
    lang,
    config,
    inputs,
    facts: { version: '1' },
  }
}

export const combinationOf = ({ lang, config, agent }: BuildInputs, image: Digest): Combination => ({
  lang,
  config,
  agent,
  image,
})

/** How a step goes well. */
export function well({ step, inputs, made }: Leased): AttemptEnd {
  if (step !== 'test') return { outcome: 'ok', artifact: madeOf(step, inputs, made.package) }
  const results = [{ check: 'run', outcome: 'ok', ms: 5 }] as const
  return { outcome: 'ok', tested: combinationOf(inputs, made.image ?? digestOf('none')), results }
}

/** A build from its request to its end, whose checks come out like this. Nothing else may be ready. */
export async function buildThrough(
  queue: BuildQueue,
  inputs: BuildInputs,
  results: Partial<Record<TestResult['check'], TestResult['outcome']>> = { run: 'ok' },
): Promise<BuildId> {
  const asked = newRequest({ inputs })
  await queue.request(asked)
  for (let leased = await queue.lease('here', 1); leased?.build === asked.id; leased = await queue.lease('here', 1)) {
    await queue.finish(leased, leased.step === 'test' ? testedLike(leased, results) : well(leased))
  }
  return asked.id
}

/** How a test step ends whose checks come out like this. */
export function testedLike({ inputs, made }: Leased, outcomes: Parameters<typeof buildThrough>[2] = {}): AttemptEnd {
  const results = (Object.keys(outcomes) as TestResult['check'][]).map((check): TestResult => {
    const outcome = outcomes[check] ?? 'ok'
    return { check, outcome, ms: 1, ...(outcome !== 'ok' && { why: 'because' }) }
  })
  const tested = combinationOf(inputs, made.image ?? digestOf('none'))
  const bad = results.find(({ outcome }) => outcome === 'failed' || outcome === 'timeout')
  return bad ? { outcome: 'failed', reason: `${bad.check} failed`, tested, results } : { outcome: 'ok', tested, results }
}
