import { checkConfig } from '#lib/adapters/lang-files/check-config.ts'
import { readConfig } from '#lib/adapters/lang-files/config-files.ts'
import { withShared } from '#lib/adapters/lang-files/shared-configs.ts'
import { visible } from '#lib/domain/visible-text.ts'
import { langId } from '#lib/domain/ids.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { configFile, configFolders } from '../dragoman/languages.ts'
import { isStep, type Command, type Options } from '../dragoman/options.ts'
import { jsonResult, note, result, table, visibleLine } from '../dragoman/print.ts'
import { type Refused, type Server, serverAt } from './ask-server.ts'
import type { Operations } from './client.ts'
import { tokenFor } from './kept-tokens.ts'

type Run = (server: Server, options: Options, signal: AbortSignal) => Promise<number>

/** Commands that another server does, with `--server`; they print as they do here. */
const RUN: Partial<Readonly<Record<Command, Run>>> = { build, builds, status, promote, rollback, logs, cancel, retry }

/** Undefined for a command that `--server` is something else to. */
export function onServer(command: Command, options: Options, signal: AbortSignal): Promise<number> | undefined {
  const { server } = options
  const run = RUN[command]
  return server === undefined || !run ? undefined : run(serverAt(server, tokenFor(server)), options, signal)
}

async function builds(server: Server, { names: [lang], json }: Options): Promise<number> {
  const found = await server.ask('listBuilds', { query: lang === undefined ? {} : { lang } })
  return told(json, found, ({ builds }) => table([['build', 'language', 'asked by', 'at', 'stands'], ...builds.map(buildRow)]))
}

async function status(server: Server, { names, json }: Options): Promise<number> {
  const found = await server.ask('listLanguages', {})
  return told(json, found, ({ languages }) => {
    const wanted = languages.filter(({ id }) => names.length === 0 || names.includes(id))
    const rows = wanted.map(({ id, live, build }) => [
      ...[id, live ? String(live.number) : '-', live?.agent ?? '-', minute(live?.at)],
      build ? `${build.id} ${build.outcome ?? 'at work'}` : '',
    ])
    return table([['language', 'live', 'agent', 'since', 'last build'], ...rows])
  })
}

async function promote(server: Server, { names: [lang = ''], build, force, json }: Options): Promise<number> {
  const body = { ...(build !== undefined && { build }), ...(force.length > 0 && { force: [...force] }) }
  return told(json, await server.ask('promote', { path: { lang }, body }), (done) => deployed(lang, done))
}

async function rollback(server: Server, { names: [lang = ''], to, json }: Options): Promise<number> {
  const body = to === undefined ? {} : { to }
  return told(json, await server.ask('rollBack', { path: { lang }, body }), (done) => deployed(lang, done))
}

async function cancel(server: Server, { names: [build = ''], json }: Options): Promise<number> {
  return told(json, await server.ask('cancelBuild', { path: { build } }), () => `${build}: told to stop`)
}

async function retry(server: Server, { names: [build = ''], json }: Options): Promise<number> {
  return told(json, await server.ask('retryBuild', { path: { build } }), ({ build, how }) => `${build}: ${how}`)
}

/** What there is of the log as text, or all of it to the end. */
async function logs(server: Server, { names: [build = ''], from, follow, json }: Options, signal: AbortSignal): Promise<number> {
  if (follow) return (await show(server, build, from, json, signal)) ?? 0
  const found = await server.read(build, from)
  if (json || !found.ok) return told(json, found.ok ? ok({ build, text: found.value }) : found, () => '')
  process.stdout.write(visible(found.value))
  return 0
}

/** Asks for builds and follows each to its end; 0 when all went well. */
async function build(server: Server, options: Options, signal: AbortSignal): Promise<number> {
  const { names, json, promote: isPromoted } = options
  let status = 0
  for (const name of names) {
    const asked = await askFor(server, options, name)
    if (told(json, asked, ({ build, how }) => `${name}: ${build} ${how}`) !== 0 || !asked.ok) {
      status = 1
      continue
    }
    const { build } = asked.value
    const ended = await show(server, build, undefined, json, signal)
    if (ended !== 0) status = 1
    else if (isPromoted) status = Math.max(status, await promote(server, { ...options, names: [name], build, force: [] }))
    if (signal.aborted) break
  }
  return status
}

type Requested = Operations['requestBuild']['answer']
async function askFor(
  server: Server,
  { configs, from, agent, refresh }: Options,
  name: string,
): Promise<Result<Requested, Refused>> {
  const lang = langId(name)
  if (!lang) return err({ code: 'bad_request', message: `${JSON.stringify(name)} is no id of a language` })
  const config = configs === undefined ? ok(undefined) : configOf(configs, lang)
  if (!config.ok) return err({ code: 'bad_config', message: config.error })
  return server.ask('requestBuild', {
    body: {
      lang,
      ...(from !== undefined && isStep(from) && { from }),
      ...(config.value !== undefined && { config: config.value }),
      ...(agent !== undefined && { agent }),
      ...(refresh && { refresh }),
    },
  })
}

/** As it stands in a folder here, with the recipes that it shares: the server has others. */
function configOf(configs: string, lang: string): Result<string | undefined, string> {
  const file = configFile(configs, lang)
  const text = file === undefined ? err('there is none in that folder') : readConfig(file)
  if (!text.ok) return err(`${lang}: ${text.error}`)
  const fault = checkConfig(`${lang}.yaml`, text.value).problems.find(({ severity }) => severity === 'error')
  if (fault) return err(`${lang}.yaml:${fault.line}:${fault.column}: ${fault.message}`)
  return withShared(`${lang}.yaml`, text.value, configFolders(configs))
}

/** Prints a log as it comes: 0 when the build went well, 1 when it did not, undefined when its end did not come. */
async function show(server: Server, build: string, from: string | undefined, json: boolean, signal: AbortSignal) {
  const events = server.follow(build, from, signal)
  for (;;) {
    const next = await events.next()
    if (next.done) {
      if (next.value) note(`dragoman: ${visibleLine(next.value.message)}`)
      return next.value ? 1 : undefined
    }
    const { id, kind, data } = next.value
    const text = typeof data['text'] === 'string' ? data['text'] : ''
    if (json) process.stdout.write(`${JSON.stringify({ kind, cursor: id, ...data })}\n`)
    else if (kind === 'text') process.stdout.write(visible(text))
    else
      note(
        visibleLine(
          `--- ${kind.replaceAll('_', ' ')} ${['step', 'number', 'bytes', 'outcome', 'reason'].flatMap((name) => data[name] ?? []).join(' ')}`,
        ),
      )
    if (kind === 'end') return data['outcome'] === 'ok' ? 0 : 1
  }
}

/** Prints what came of it, and answers the exit status. */
function told<T>(json: boolean, found: Result<T, Refused>, words: (value: T) => string): number {
  if (json) jsonResult(found.ok ? found.value : { ok: false, ...found.error })
  else if (found.ok) result(words(found.value))
  else note(`dragoman: ${visibleLine(`${found.error.message}${detailsOf(found.error)}`)}`)
  return found.ok ? 0 : 1
}

const detailsOf = ({ details }: Refused) => (details === undefined ? '' : `: ${JSON.stringify(details)}`)
const minute = (time: string | undefined) => time?.slice(0, 16).replace('T', ' ') ?? ''
const deployed = (lang: string, { number, changed }: Operations['promote']['answer']) =>
  `${lang}: ${changed ? 'now' : 'already'} live (deployment ${number})`

type Build = Operations['getBuild']['answer']
function buildRow({ id, lang, by, requestedAt, outcome, reason, steps }: Build): string[] {
  const at = steps.find(({ state }) => state === 'running' || state === 'ready')
  return [
    id,
    lang,
    by,
    minute(requestedAt),
    outcome ? `${outcome}${reason ? `: ${reason}` : ''}` : at ? `${at.step} ${at.state}` : 'stops',
  ]
}
