import { err, ok, type Result } from '#lib/domain/result.ts'
import { type Machine, thisMachine } from './machine.ts'
import { type Config, type Option, OPTIONS } from './table.ts'

export type { Config } from './table.ts'

/** `name` is the environment variable or flag as it was given; `message` a sentence without final stop. */
export type ConfigProblem = { readonly name: string; readonly message: string }

/** Values by environment name. */
export type ConfigSource = Readonly<Record<string, string | undefined>>

const OWN = 'DRAGOMAN_'
/** Variables with our prefix that are no options: where browser tests find the server. */
const NOT_OPTIONS: readonly string[] = ['DRAGOMAN_URL']

/** The configuration, or every problem with it at once. An empty value counts as none. */
export function parseConfig(source: ConfigSource, machine: Machine = thisMachine()): Result<Config, ConfigProblem[]> {
  const problems = unknownNames(source)
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries<Option<unknown>>(OPTIONS)) {
    const given = source[option.env] || option.default?.(machine)
    if (given === undefined) continue
    const parsed = option.kind.schema.safeParse(given)
    if (parsed.success) values[name] = parsed.data
    else problems.push({ name: option.env, message: complaint(option, given) })
  }
  if (source['DATABASE_MIGRATE_URL'] && !source['DATABASE_URL']) {
    problems.push({ name: 'DATABASE_MIGRATE_URL', message: 'is of use only together with DATABASE_URL' })
  }
  if (values['oneId'] === true && values['runtime'] === 'runsc') {
    problems.push({ name: 'DRAGOMAN_ONE_ID', message: 'is not for runsc, whose sandboxes begin with rights of their own' })
  }
  if (values['sandboxes'] === 'pods') problems.push(...missingOnACluster(source))
  return problems.length > 0 ? err(problems) : ok(values as Config) // the one cast: each option was just parsed by its own schema
}

/** Servers that share pods share what they know of them, and nodes pull images from somewhere. */
function missingOnACluster(source: ConfigSource): ConfigProblem[] {
  return ['DATABASE_URL', 'DRAGOMAN_REGISTRY_URL']
    .filter((name) => !source[name])
    .map((name) => ({ name, message: 'must be given when sandboxes are pods' }))
}

function complaint({ kind }: Option<unknown>, given: string): string {
  return kind.isSecret ? `must be ${kind.form}` : `must be ${kind.form}, not "${given.slice(0, 100)}"`
}

/** A misspelt limit would be no limit. */
function unknownNames(source: ConfigSource): ConfigProblem[] {
  const known = new Set<string>([...NOT_OPTIONS, ...Object.values<Option<unknown>>(OPTIONS).map((option) => option.env)])
  return Object.keys(source)
    .filter((name) => name.startsWith(OWN) && !known.has(name))
    .map((name) => ({ name, message: 'is no option; docs/CONFIG.md lists them' }))
}
