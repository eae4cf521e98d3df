import { setTimeout as sleep } from 'node:timers/promises'

import { checkConfig } from '#lib/adapters/lang-files/check-config.ts'
import { askToUse, type AskedUse, type UseRefused } from '#lib/application/agents/use-agent.ts'
import { promote, type PromoteRefused } from '#lib/application/deployments/promote.ts'
import { OUTCOMES } from '#lib/domain/build.ts'
import { type LangId, langId } from '#lib/domain/ids.ts'

import { words } from './deploy.ts'
import type { Options } from './options.ts'
import { jsonResult, note, result, visibleLine } from './print.ts'
import { actor, type Workshop } from './workshop.ts'

/** A test takes seconds; a person waits. */
const LOOK_MS = 500

type Testing = Extract<AskedUse, { how: 'testing' }>
/** `stays` with the reason, or what it went to. */
type Used =
  | { readonly lang: LangId; readonly ok: true; readonly how: 'already' | 'now' }
  | { readonly lang: LangId; readonly ok: false; readonly code: string; readonly why: string }

/**
 * Tests what languages serve with another release, each in a build of its own, and makes live what is no worse; the others stay
 * as they are. Told to stop, it ends the builds that nobody else asked for.
 */
export async function useAgent(workshop: Workshop, { names, all, json }: Options, signal: AbortSignal): Promise<number> {
  const [, version = '', ...named] = names
  const release = (await workshop.artifacts.releases(version))[0]
  if (!release) {
    note(`dragoman: there is no agent ${JSON.stringify(version)}; agent list says which there are`)
    return 1
  }
  const langs = all ? await liveOnes(workshop) : named.map((name) => langId(name))
  const unknown = named[langs.indexOf(undefined)]
  if (unknown !== undefined) {
    note(`dragoman: ${JSON.stringify(unknown)} is no name of a language`)
    return 2
  }
  const used: Used[] = []
  const tell = (one: Used) => {
    used.push(one)
    if (json) return
    if (one.ok) result(`${one.lang}: ${one.how} under agent ${version}`)
    else note(visibleLine(`dragoman: ${one.lang}: ${one.why}`))
  }
  const testing = await askAll(
    workshop,
    langs.filter((lang) => lang !== undefined),
    version,
    tell,
  )
  await promoteAll(workshop, testing, tell, signal)
  if (json) jsonResult({ version, languages: used.toSorted((a, b) => (a.lang < b.lang ? -1 : 1)) })
  // One that keeps to its pin was not asked for by name when all were.
  return used.every((one) => one.ok || (all && one.code === 'pinned')) ? 0 : 1
}

const liveOnes = async ({ deployments }: Workshop) =>
  (await deployments.status()).flatMap(({ lang, live }) => (live ? [lang] : []))

async function askAll(workshop: Workshop, langs: readonly LangId[], version: string, tell: (one: Used) => void) {
  const world = { ...workshop, pinOf }
  const testing: Testing[] = []
  for (const lang of langs) {
    const asked = await askToUse(world, { lang, version, by: actor() })
    if (!asked.ok) tell({ lang, ok: false, code: asked.error.code, why: refusal(asked.error) })
    else if (asked.value.how === 'already') tell({ lang, ok: true, how: 'already' })
    else testing.push(asked.value)
  }
  return testing
}

/** Promotes each when its test has ended, in whatever order they do. */
async function promoteAll(
  workshop: Workshop,
  asked: readonly Testing[],
  tell: (one: Used) => void,
  signal: AbortSignal,
): Promise<void> {
  let waiting = asked
  while (waiting.length > 0) {
    const rest: Testing[] = []
    for (const one of waiting) if (!(await promoteOne(workshop, one, tell))) rest.push(one)
    waiting = rest
    if (waiting.length === 0) return
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) continue
    for (const { build, isOurs } of waiting) if (isOurs) await workshop.queue.cancel(build, actor())
    return
  }
}

/** False while its test is at work. */
async function promoteOne(workshop: Workshop, { lang, build }: Testing, tell: (one: Used) => void): Promise<boolean> {
  const ended = await workshop.queue.find(build)
  if (!ended?.outcome) return false
  const { outcome, reason } = ended
  const done = await promote(workshop, { lang, which: { build }, by: actor(), force: [] })
  if (done.ok) tell({ lang, ok: true, how: 'now' })
  else tell({ lang, ok: false, code: done.error.code, why: lost(done.error, `${OUTCOMES[outcome].words}: ${reason ?? ''}`) })
  return true
}

/** The gate's words; where nothing was tested, the build's. */
const lost = (refused: PromoteRefused, ended: string) => (refused.code === 'not_tested' ? `the test ${ended}` : words(refused))

function refusal(refused: UseRefused): string {
  switch (refused.code) {
    case 'not_live':
      return 'nothing of it is live; build it first'
    case 'pinned':
      return `it stays under agent ${refused.agent}, as its config says`
    case 'nothing_to_start_from':
      return `there is no ${refused.missing} of it`
    case 'unknown_input':
      return `its ${refused.input} is not known any more`
    default:
      return refused satisfies never
  }
}

function pinOf(lang: LangId, text: string): string | undefined {
  return checkConfig(`${lang}.yaml`, text).config?.agent
}
