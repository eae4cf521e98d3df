import { setTimeout as sleep } from 'node:timers/promises'

import { checkConfig } from '#lib/adapters/lang-files/check-config.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { writeAgentsIndex } from '#lib/application/agents/list-agents.ts'
import { askToUse, type AskedUse, type UseRefused } from '#lib/application/agents/use-agent.ts'
import { promote, type PromoteRefused } from '#lib/application/deployments/promote.ts'
import { OUTCOMES } from '#lib/domain/build.ts'
import { type LangId, langId } from '#lib/domain/ids.ts'
import { openStores } from '#lib/stores.ts'

import { words } from './deploy.ts'
import type { Options } from './options.ts'
import { type Builder, builderOn } from './own-builder.ts'
import { jsonResult, note, result, visibleLine } from './print.ts'
import { actor, withWorkshop, type Workshop, workshopConfig } from './workshop.ts'

/** A test takes seconds; a person waits. */
const LOOK_MS = 500

type Testing = Extract<AskedUse, { how: 'testing' }>
/** What came of one language. */
type Used =
  | { readonly lang: LangId; readonly ok: true; readonly how: 'already' | 'now' }
  | { readonly lang: LangId; readonly ok: false; readonly code: string; readonly why: string }
type Tell = (one: Used) => void

/**
 * Tests what languages serve with another release, each in a build of its own, and makes live what is no worse; the others stay
 * as they are. Told to stop, it ends the builds that nobody else asked for.
 */
export async function useAgent({ names, all, json }: Options, signal: AbortSignal): Promise<number> {
  const [, version = '', ...named] = names
  const langs = named.flatMap((name) => langId(name) ?? [])
  if (langs.length < named.length) {
    note(`dragoman: ${JSON.stringify(named.find((name) => !langId(name)))} is no name of a language`)
    return 2
  }
  const used: Used[] = []
  const tell: Tell = (one) => {
    used.push(one)
    if (json) return
    if (one.ok) result(`${one.lang}: ${one.how} under agent ${version}`)
    else note(visibleLine(`dragoman: ${one.lang}: ${one.why}`))
  }
  const testing = await withWorkshop((workshop) => askAll(workshop, all ? 'all' : langs, version, tell))
  if (!testing) {
    note(`dragoman: there is no agent ${JSON.stringify(version)}; agent list says which there are`)
    return 1
  }
  if (testing.length > 0) await promoteTested(testing, tell, signal)
  if (json) jsonResult({ version, languages: used.toSorted((a, b) => (a.lang < b.lang ? -1 : 1)) })
  // One that keeps to its pin was not asked for by name when all were.
  return used.every((one) => one.ok || (all && one.code === 'pinned')) ? 0 : 1
}

/** What has to be tested; undefined when there is no such release. */
async function askAll(
  workshop: Workshop,
  which: readonly LangId[] | 'all',
  version: string,
  tell: Tell,
): Promise<readonly Testing[] | undefined> {
  const [release] = await workshop.artifacts.releases(version)
  if (!release) return undefined
  const status = which === 'all' ? await workshop.deployments.status() : []
  const langs = which === 'all' ? status.flatMap(({ lang, live }) => (live ? [lang] : [])) : which
  const testing: Testing[] = []
  for (const lang of langs) {
    const asked = await askToUse({ ...workshop, pinOf }, { lang, version, by: actor() })
    if (!asked.ok) tell({ lang, ok: false, code: asked.error.code, why: refusal(asked.error) })
    else if (asked.value.how === 'already') tell({ lang, ok: true, how: 'already' })
    else testing.push(asked.value)
  }
  return testing
}

/** Until all tests have ended, with a server that does them; the list beside the tarballs follows. */
async function promoteTested(testing: readonly Testing[], tell: Tell, signal: AbortSignal): Promise<void> {
  const builder = await builderOn(workshopConfig())
  try {
    await withWorkshop(async (workshop) => {
      await promoteAll(workshop, testing, builder, tell, signal)
      const { objects, close } = await openStores(workshop.config, systemClock)
      await writeAgentsIndex({ ...workshop, objects }).finally(close)
    })
  } finally {
    await builder.stop()
  }
}

/** Promotes each when its test has ended, in whatever order they do. */
async function promoteAll(
  workshop: Workshop,
  asked: readonly Testing[],
  builder: Builder,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  let waiting = asked
  while (waiting.length > 0) {
    if (signal.aborted) return cancelOurs(workshop, waiting)
    const fault = builder.fault()
    if (fault !== undefined) throw new Error(fault)
    const rest: Testing[] = []
    for (const one of waiting) if (!(await promoteOne(workshop, one, tell))) rest.push(one)
    waiting = rest
    if (waiting.length > 0) await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function cancelOurs({ queue }: Workshop, testing: readonly Testing[]): Promise<void> {
  for (const { build, isOurs } of testing) if (isOurs) await queue.cancel(build, actor(), { unlessShared: true })
}

/** False while its test is at work. */
async function promoteOne(workshop: Workshop, { lang, build }: Testing, tell: Tell): Promise<boolean> {
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
