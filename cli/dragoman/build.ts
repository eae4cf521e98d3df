import { resolve } from 'node:path'

import { checkConfig } from '#lib/adapters/lang-files/check-config.ts'
import { readConfig } from '#lib/adapters/lang-files/config-files.ts'
import { withShared } from '#lib/adapters/lang-files/shared-configs.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { type BuildRefused, requestBuild } from '#lib/application/builds/request-build.ts'
import { promote } from '#lib/application/deployments/promote.ts'
import type { BuildStatus, Requested } from '#lib/application/ports/build-queue.ts'
import { PRIORITIES } from '#lib/domain/build.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { openStores } from '#lib/stores.ts'

import { makeBase } from './base.ts'
import { followBuild, type Seen } from './build-follow.ts'
import { type BuildView, buildView } from './build-view.ts'
import { changedConfigs } from './changed-configs.ts'
import { words } from './deploy.ts'
import { chooseLanguages, configFile, configFolders, LANGS, loadNamed, loadWith } from './languages.ts'
import { openLogs } from './open-logs.ts'
import { isStep, type Options } from './options.ts'
import { type Builder, builderOn } from './own-builder.ts'
import { jsonResult, note, problemLine, result, table, visibleLine } from './print.ts'
import { publishOwnAgent } from './publish-own-agent.ts'
import { actor, withWorkshop, type Workshop, workshopConfig } from './workshop.ts'

/** What was told to stop is given this long to say that it has. */
const CANCEL_MS_MAX = 20_000
/** Whether our own server still lives is looked at this often. */
const LOOK_MS = 1000

/** What came of one language. */
type Done = {
  readonly lang: LangId
  readonly ok: boolean
  readonly build?: string
  readonly how?: Requested['how']
  readonly outcome?: string
  readonly why?: string
  readonly steps?: BuildStatus['steps']
  /** The number of the deployment that it became. */
  readonly deployment?: number
}
type World = Workshop & {
  readonly logs: Awaited<ReturnType<typeof openLogs>>
  readonly options: Options
  readonly agent: string
  readonly view: BuildView
  /** Of what this command asked for and nobody has ended yet. */
  readonly open: Map<Seen['build'], LangId>
}

/** Builds languages and follows them to their end; 0 when all went well, 1 when one did not, 2 for a name nobody has. */
export async function build(options: Options, signal: AbortSignal): Promise<number> {
  const chosen = choose(options)
  if (!chosen.ok) {
    note(`dragoman: ${visibleLine(chosen.error)}`)
    return 2
  }
  const builder = await builderOn(workshopConfig())
  try {
    return await withWorkshop((workshop) => buildWith(workshop, builder, options, chosen.value, signal))
  } finally {
    await builder.stop()
  }
}

function choose({ configs, names }: Options): Result<readonly Language[], string> {
  const named = loadNamed(configs, names)
  if (named) return ok(named)
  const { languages, problems } = loadWith(configs)
  for (const problem of problems) note(problemLine(problem))
  return chooseLanguages(languages, names)
}

async function buildWith(
  workshop: Workshop,
  builder: Builder,
  options: Options,
  languages: readonly Language[],
  signal: AbortSignal,
): Promise<number> {
  const agent = await readyAgent(workshop, options, signal)
  const ready = agent.ok ? await readyBase(workshop, signal) : agent
  if (!agent.ok || !ready.ok) {
    note(`dragoman: ${visibleLine(ready.ok ? '' : ready.error)}`)
    return 1
  }
  const stop = new AbortController()
  const lost = setInterval(() => builder.fault() !== undefined && stop.abort(new Error(builder.fault())), LOOK_MS)
  const view = buildView(process.stderr, systemClock.now)
  const logs = await openLogs(workshop)
  const world: World = { ...workshop, logs, options, agent: agent.value, view, open: new Map() }
  const cancelled = cancelOn(world, signal, stop)
  try {
    const done = await Promise.all(languages.map((language) => buildOne(world, language, false, stop.signal)))
    if (options.watch) await rebuildOnChange(world, languages, signal, stop.signal)
    view.stop()
    await cancelled()
    show(done, options)
    const fault = builder.fault()
    if (fault !== undefined) note(fault)
    return done.every(({ ok }) => ok) ? 0 : 1
  } finally {
    clearInterval(lost)
    view.stop()
    await logs.close()
  }
}

/** The agent that was named, else the one of this checkout, which becomes a release if it is none. */
async function readyAgent(workshop: Workshop, { agent }: Options, signal: AbortSignal): Promise<Result<string, string>> {
  if (agent !== undefined) {
    const [release] = await workshop.artifacts.releases(agent)
    return release ? ok(agent) : err(`there is no agent ${agent}; dragoman agent list names those there are`)
  }
  const { objects, images, close } = await openStores(workshop.config, systemClock)
  try {
    const published = await publishOwnAgent({ ...workshop, objects, images }, signal)
    return published.ok ? ok(published.value.version) : err(`agent ${published.error.version}: ${published.error.code}`)
  } finally {
    close()
  }
}

async function readyBase(workshop: Workshop, signal: AbortSignal): Promise<Result<void, string>> {
  if (await workshop.artifacts.newest('base')) return ok(undefined)
  note('Making the base image; this is done once')
  const made = await makeBase(workshop, signal)
  return made.ok ? ok(undefined) : err(`the base could not be made: ${made.error}`)
}

async function buildOne(world: World, language: Language, again: boolean, signal: AbortSignal): Promise<Done> {
  const { id: lang } = language
  const asked = await ask(world, language, again)
  if (!asked.ok) return { lang, ok: false, why: asked.error }
  const { build, how } = asked.value
  if (how === 'new') world.open.set(build, lang)
  const deps = { feed: world.logs.feed, queue: world.queue, now: systemClock.now }
  const { seen, status } = await followBuild(deps, { lang, build, how }, world.view.changed, signal)
  world.open.delete(build)
  const { outcome, reason: why } = seen.ended ?? {}
  const done: Done = {
    ...{ lang, ok: outcome === 'ok', build, how },
    ...(outcome && { outcome }),
    ...(why !== undefined && { why }),
    ...(status && { steps: status.steps }),
  }
  return world.options.promote && done.ok ? promoted(world, done, build) : done
}

async function ask(world: World, language: Language, supersedes: boolean): Promise<Result<Requested, string>> {
  const { id: lang } = language
  const { configs, from, agent: named, refresh } = world.options
  const file = configFile(configs, lang)
  const text = readConfig(file ?? `${lang}.yaml`)
  if (!text.ok) return err(`${file ?? lang} ${text.error}`)
  const whole = withShared(`${lang}.yaml`, text.value, configFolders(configs))
  if (!whole.ok) return err(`${file ?? lang}: ${whole.error}`)
  const requested = await requestBuild(world, {
    ...{ lang, configText: whole.value, by: actor(), priority: PRIORITIES.person, supersedes },
    from: from !== undefined && isStep(from) ? from : 'package',
    // A language that keeps to a release is built with that one, unless another is named.
    agent: named ?? checkConfig(`${lang}.yaml`, text.value).config?.agent ?? world.agent,
    ...(refresh && { refresh: world.random.hex(8) }),
  })
  return requested.ok ? requested : err(askWords(requested.error))
}

const askWords = (refused: BuildRefused): string =>
  refused.code === 'nothing_to_start_from'
    ? `there is no ${refused.missing} of it to start from`
    : `the ${refused.input} to build it with is not known`

async function promoted(world: World, done: Done, build: Seen['build']): Promise<Done> {
  const made = await promote(world, { lang: done.lang, which: { build }, by: actor(), force: [] })
  if (!made.ok) return { ...done, ok: false, why: words(made.error) }
  return { ...done, deployment: made.value.number }
}

/** Builds what changes until it is told to stop; each newer request ends the older one of the language. */
async function rebuildOnChange(
  world: World,
  languages: readonly Language[],
  told: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  const { configs } = world.options
  const going = new Set<Promise<unknown>>()
  note('Watching for changes; Ctrl-C ends it')
  for await (const lang of changedConfigs([...(configs === undefined ? [] : [resolve(configs)]), LANGS], told)) {
    const language = languages.find(({ id }) => id === lang)
    if (!language) continue
    const one = buildOne(world, language, true, signal).then(
      (done) => show([done], world.options),
      (error: unknown) => note(`dragoman: ${visibleLine(String(error))}`),
    )
    going.add(one)
    void one.finally(() => going.delete(one))
  }
  await Promise.all(going)
}

/**
 * When we are told to stop, what was asked for here and by nobody else is cancelled, and followed to its end; `stop` comes when
 * that took too long. The answer waits for the cancelling, if there is any.
 */
function cancelOn({ queue, open }: World, signal: AbortSignal, stop: AbortController): () => Promise<void> {
  let cancelling: Promise<void> | undefined
  const cancel = async () => {
    const late = setTimeout(() => stop.abort(), CANCEL_MS_MAX)
    const asked = [...open.keys()]
    const ended = await Promise.all(asked.map((build) => queue.cancel(build, actor(), { unlessShared: true })))
    const left = asked.length - ended.filter(Boolean).length
    note(`Cancelled ${asked.length - left} of ${asked.length} builds${left > 0 ? '; somebody else wants the others' : ''}`)
    if (left > 0 || asked.length === 0) stop.abort()
    if (stop.signal.aborted) clearTimeout(late)
    else late.unref()
  }
  const onStop = () => void (cancelling ??= cancel().catch(() => stop.abort()))
  signal.addEventListener('abort', onStop, { once: true })
  if (signal.aborted) onStop()
  return async () => cancelling
}

function show(done: readonly Done[], { json }: Options): void {
  if (json) return jsonResult({ ok: done.every(({ ok }) => ok), builds: done })
  const rows = done.map(({ lang, build = '', outcome, how, why = '', deployment }) => {
    const stands = how === 'done' ? 'nothing has changed' : (outcome ?? 'not built')
    return [lang, build, stands, deployment === undefined ? '' : `deployment ${deployment}`, why]
  })
  result(table([['language', 'build', 'outcome', 'live as', ''], ...rows]))
}
