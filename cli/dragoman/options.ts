import { parseArgs } from 'node:util'

import { type Step, STEPS } from '#lib/domain/build.ts'
import { CHECKS, type Check } from '#lib/domain/language.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

export const COMMANDS = [
  'test',
  'langs',
  'lint',
  'build',
  'base',
  'query',
  'status',
  'promote',
  'rollback',
  'builds',
  'logs',
  'cancel',
  'retry',
  'agent',
  'backup',
  'restore',
  'verify',
  'migrate',
  'image',
  'prepull',
  'admin-link',
  'login',
] as const
export type Command = (typeof COMMANDS)[number]

export type Options = {
  readonly names: readonly string[]
  readonly checks: readonly Check[]
  readonly configs: string | undefined
  readonly server: string | undefined
  readonly json: boolean
  readonly days: number
  readonly build: string | undefined
  readonly force: readonly Check[]
  readonly to: number | undefined
  readonly follow: boolean
  readonly from: string | undefined
  readonly agent: string | undefined
  readonly refresh: boolean
  readonly promote: boolean
  readonly watch: boolean
  readonly all: boolean
}

export type Asked =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly command: Command; readonly options: Options }

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
  json: { type: 'boolean' },
  check: { type: 'string', multiple: true },
  configs: { type: 'string' },
  server: { type: 'string' },
  days: { type: 'string' },
  build: { type: 'string' },
  force: { type: 'string', multiple: true },
  to: { type: 'string' },
  follow: { type: 'boolean', short: 'f' },
  from: { type: 'string' },
  all: { type: 'boolean' },
  agent: { type: 'string' },
  refresh: { type: 'boolean' },
  promote: { type: 'boolean' },
  watch: { type: 'boolean' },
} as const

const TAKES: Readonly<Record<Command, readonly (keyof typeof FLAGS)[]>> = {
  test: ['json', 'check', 'configs', 'server'],
  langs: ['json', 'configs'],
  lint: ['json'],
  build: ['json', 'configs', 'from', 'agent', 'refresh', 'promote', 'watch', 'all', 'server'],
  base: ['json'],
  query: ['json', 'days'],
  status: ['json', 'server'],
  promote: ['json', 'build', 'force', 'server'],
  rollback: ['json', 'to', 'server'],
  builds: ['json', 'server'],
  logs: ['json', 'follow', 'from', 'server'],
  cancel: ['json', 'server'],
  retry: ['json', 'server'],
  agent: ['json', 'all', 'watch'],
  backup: ['json'],
  restore: ['json'],
  verify: ['json'],
  migrate: ['json'],
  image: ['json', 'refresh'],
  prepull: ['json'],
  'admin-link': ['json'],
  login: ['json', 'server'],
}

/** How many names a command takes, at least and at most; the others take any. */
const NAMES: Partial<Readonly<Record<Command, readonly [number, number]>>> = {
  langs: [0, 0],
  base: [0, 1],
  query: [1, 2],
  promote: [1, 1],
  rollback: [1, 1],
  builds: [0, 1],
  logs: [1, 1],
  cancel: [1, 1],
  retry: [1, 1],
  agent: [1, Infinity],
  backup: [1, 1],
  restore: [1, 1],
  verify: [0, 0],
  migrate: [0, 1],
  image: [1, 1],
  prepull: [0, 0],
  'admin-link': [0, 0],
  login: [0, 0],
}

/** The questions, and whether each is about a language. */
const QUESTIONS: Readonly<Record<string, boolean>> = { stale: false, config: true, 'old-base': false, 'tested-together': true }

/** What is done about agents, and how many names it takes. */
const AGENT_VERBS: Readonly<Record<string, readonly [number, number]>> = {
  publish: [0, 0],
  list: [0, 0],
  cache: [1, 1],
  use: [1, Infinity],
}

/** A language that has stood still for a quarter of a year is worth a look. */
const STALE_DAYS = 90
const NUMBER_MAX = 100_000

export const USAGE = `dragoman: a live prompt for every programming language

  dragoman test [LANGUAGE…] [--check ${CHECKS.join(',')}] [--configs DIR] [--server URL] [--json]
      Does what each language's config promises, as a visitor would. Starts a server of its own unless one is named.
  dragoman langs [--configs DIR] [--json]
      Lists the languages, and what is missing for those that cannot run here.
  dragoman lint [DIR|FILE…] [--json]
      Says what is wrong with language configs, by file, line and column.
  dragoman build LANGUAGE…|--all [--from ${STEPS.join('|')}] [--promote] [--agent VERSION] [--refresh] [--watch] [--configs DIR] [--json]
      Builds languages and tests what came of it, in a server that runs here or one of its own; --promote makes live what
      passed, --refresh builds anew what has not changed, --watch builds again when a config does. Ctrl-C cancels.
  dragoman base [make] [--json]
      Lists the bases that images grow from, or makes a new one.
  dragoman query stale [--days ${STALE_DAYS}] | config LANGUAGE | old-base | tested-together LANGUAGE [--json]
      Asks the records: what has not been updated lately, what config compiled a language, who sits on an old base, which
      combinations passed their tests together.
  dragoman status [LANGUAGE…] [--json]
      Says what each language serves, and what was built and tested since.
  dragoman promote LANGUAGE [--build BUILD] [--force CHECK,…] [--json]
      Makes live what was tested last, or what a build tested; refused when a check would be lost that is not forced by name.
  dragoman rollback LANGUAGE [--to NUMBER] [--json]
      Makes live again what was before, or what a deployment of that number served.
  dragoman builds [LANGUAGE] [--json]
      Lists the newest builds.
  dragoman logs BUILD [--follow] [--from CURSOR] [--json]
      Prints a build's log so far, or to its end.
  dragoman cancel BUILD [--json]
  dragoman retry BUILD [--json]
      Ends a build that is at work; asks for one that did not go well once more.
  dragoman agent publish | list | use VERSION [LANGUAGE…|--all] [--json]
      Releases the agent of this checkout, lists releases with the languages that run under them, or tests languages with
      another release and makes live what passes.
  dragoman agent cache DIR [--watch]
      Brings the agent of this checkout, and those that the bucket has, to a folder of a node; --watch goes on looking.
  dragoman backup FILE [--json]
  dragoman restore FILE [--json]
      Writes all records of builds, with the objects and images that they name, to a file; brings them from it to a machine
      that has none.
  dragoman verify [--json]
      Says which objects and images the records name and are not there.
  dragoman migrate [wait] [--json]
      Brings the database of DATABASE_MIGRATE_URL to this version's tables; wait only waits until somebody has.
  dragoman image server [--refresh] [--json]
      Makes the image of this server for a cluster, in the registry of the options; --refresh takes a new base.
  dragoman prepull
      Prints what has a cluster's nodes fetch the images of the most used languages, for kubectl apply -f -
  dragoman admin-link [--json]
      Prints a link that makes whoever opens it first an admin; it lasts fifteen minutes.
  dragoman login --server URL [--json]
      Takes a token of yours, tries it, and keeps it for that server. With --server URL (and that token, or DRAGOMAN_TOKEN)
      build, builds, logs, cancel, retry, status, promote and rollback are done there instead of here.

  --help, --version

Exit status: 0 all is well, 1 something failed, 2 the command was not understood.`

/** What the command line asks for, or the sentence that says why it cannot be understood. */
export function parseOptions(args: readonly string[]): Result<Asked, string> {
  const parsed = parse(args)
  if (!parsed.ok) return parsed
  const { values, positionals } = parsed.value
  if (values.help) return ok({ kind: 'help' })
  if (values.version) return ok({ kind: 'version' })

  const [command, ...names] = positionals
  if (command === undefined) return err('a command is missing')
  if (!isCommand(command)) return err(`there is no command ${JSON.stringify(command)}`)
  const stray = Object.keys(values).find((flag) => !TAKES[command].some((known) => known === flag))
  if (stray !== undefined) return err(`${command} takes no --${stray}`)
  const misnamed = misnaming(command, names) ?? ABOUT[command]?.(names, values)
  if (misnamed !== undefined) return err(misnamed)

  const checks = checksFrom(values.check)
  if (!checks.ok) return checks
  const force = checksFrom(values.force ?? [])
  if (!force.ok) return force
  const days = values.days === undefined ? STALE_DAYS : number(values.days)
  if (days === undefined) return err(`--days must be a number from 1 to ${NUMBER_MAX}`)
  const to = number(values.to)
  if (values.to !== undefined && to === undefined) return err(`--to must be the number of a deployment`)
  if (values.server !== undefined && !isHttp(values.server)) return err(`--server must be a http:// or https:// address`)
  const { configs, server, build, from, agent, json = false, follow = false, all = false } = values
  const { refresh = false, promote = false, watch = false } = values
  const lists = { names, checks: checks.value, force: force.value }
  const said = { json, follow, all, refresh, promote, watch }
  const options = { ...lists, ...said, configs, server, days, build, to, from, agent }
  return ok({ kind: 'run', command, options })
}

function misnaming(command: Command, names: readonly string[]): string | undefined {
  const [least, most] = NAMES[command] ?? [0, Infinity]
  if (names.length > most)
    return most === 0 ? `${command} takes no names` : `${command} takes ${most} name${most === 1 ? '' : 's'}`
  if (names.length < least) return `${command} needs a name`
  if (command !== 'query') return undefined
  const [question = '', ...about] = names
  if (!Object.hasOwn(QUESTIONS, question)) {
    return `there is no question ${JSON.stringify(question)}; there are ${Object.keys(QUESTIONS).join(', ')}`
  }
  if (QUESTIONS[question] && about.length === 0) return `query ${question} needs a language`
  return !QUESTIONS[question] && about.length > 0 ? `query ${question} is about all languages` : undefined
}

type Values = {
  readonly all?: boolean | undefined
  readonly from?: string | undefined
  readonly watch?: boolean | undefined
  readonly server?: string | undefined
}
/** What is wrong with names and flags together, where a command has more to say of it. */
const ABOUT: Partial<Readonly<Record<Command, (names: readonly string[], values: Values) => string | undefined>>> = {
  agent: (names, { all }) => misnamedAgent(names, all),
  base: only('base', 'make'),
  migrate: only('migrate', 'wait'),
  image: only('image', 'server'),
  login: (_, { server }) => (server === undefined ? 'login needs --server' : undefined),
  build(names, { all = false, from, watch, server }) {
    if (server !== undefined && (all || watch)) return `build takes no --${all ? 'all' : 'watch'} with --server`
    if (all === names.length > 0) return all ? 'build takes languages or --all, not both' : 'build needs languages, or --all'
    return from === undefined || isStep(from) ? undefined : `--from must be one of ${STEPS.join(', ')}`
  },
}

function only(command: Command, verb: string) {
  return ([given]: readonly string[]) =>
    given === undefined || given === verb ? undefined : `there is no ${command} ${JSON.stringify(given)}; there is ${verb}`
}

export const isStep = (text: string): text is Step => STEPS.some((step) => step === text)

function misnamedAgent([verb = '', ...about]: readonly string[], all = false): string | undefined {
  const [least, most] = Object.hasOwn(AGENT_VERBS, verb) ? (AGENT_VERBS[verb] ?? []) : []
  if (least === undefined || most === undefined) {
    return `there is no agent ${JSON.stringify(verb)}; there are ${Object.keys(AGENT_VERBS).join(', ')}`
  }
  if (about.length > most) return `agent ${verb} takes ${most === 0 ? 'no names' : 'one name'}`
  if (about.length < least) return `agent ${verb} needs a ${verb === 'cache' ? 'folder' : 'version'}`
  if (verb !== 'use') return all ? `agent ${verb} takes no --all` : undefined
  if (all) return about.length > 1 ? 'agent use takes languages or --all, not both' : undefined
  return about.length === 1 ? 'agent use needs languages, or --all' : undefined
}

/** A whole number from 1 on. */
function number(text: string | undefined): number | undefined {
  const found = text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : 0
  return found >= 1 && found <= NUMBER_MAX ? found : undefined
}

function parse(args: readonly string[]) {
  try {
    return ok(parseArgs({ args: [...args], options: FLAGS, allowPositionals: true, strict: true }))
  } catch (error) {
    // parseArgs throws for what was typed, never for what we declared.
    return err((error as Error).message.split('. ')[0] ?? '')
  }
}

function checksFrom(given: readonly string[] | undefined): Result<readonly Check[], string> {
  const named = (given ?? []).flatMap((value) => value.split(','))
  const unknown = named.find((name) => !CHECKS.some((check) => check === name))
  if (unknown !== undefined) return err(`there is no check ${JSON.stringify(unknown)}; there are ${CHECKS.join(', ')}`)
  return ok(given === undefined ? CHECKS : CHECKS.filter((check) => named.includes(check)))
}

const isCommand = (name: string): name is Command => COMMANDS.some((command) => command === name)

const isHttp = (url: string) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
