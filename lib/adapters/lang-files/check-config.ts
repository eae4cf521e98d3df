import type { z } from 'zod'

import { langConfig, type LangConfig } from '#lib/domain/lang-config.ts'
import { sharedConfig } from '#lib/domain/lang-install.ts'
import type { SharedRecipe } from '#lib/domain/shared-recipes.ts'

import type { ConfigProblem } from './config-problem.ts'
import { fieldSentence } from './field-sentence.ts'
import { installDoubts } from './install-policy.ts'
import { issueWords } from './issue-words.ts'
import { MISTAKES_MAX, parseYaml, type Parsed, type Place } from './parse-yaml.ts'

export type Checked<Config = LangConfig> = {
  readonly config: Config | undefined
  readonly problems: readonly ConfigProblem[]
  readonly parsed?: Parsed
}

/** Reads one config from its text. There is a config when none of the problems is an error. */
export const checkConfig = (file: string, source: string): Checked => check(A_LANGUAGE, file, source)

/** Reads one recipe that languages share. */
export const checkShared = (file: string, source: string): Checked<SharedRecipe> => check(A_SHARED_PACKAGE, file, source)

type Kind<Config> = {
  readonly noun: string
  readonly schema: z.ZodType<Config>
  more(file: string, config: Config, parsed: Parsed): readonly ConfigProblem[]
}
const A_LANGUAGE: Kind<LangConfig> = { noun: 'a language', schema: langConfig, more: skipReasons }
const A_SHARED_PACKAGE: Kind<SharedRecipe> = { noun: 'a shared package', schema: sharedConfig, more: () => [] }

function check<Config extends { install?: LangConfig['install'] }>(
  { noun, schema, more }: Kind<Config>,
  file: string,
  source: string,
): Checked<Config> {
  const parsed = readYaml(source)
  if (!parsed.ok) {
    return { config: undefined, problems: parsed.error.map((mistake) => ({ severity: 'error', file, ...mistake })) }
  }
  const checked = schema.safeParse(parsed.value.value)
  if (!checked.success) {
    const problems = checked.error.issues.flatMap((issue) => told(file, noun, parsed.value, issue))
    return { config: undefined, problems: problems.slice(0, MISTAKES_MAX) }
  }
  const { data } = checked
  const doubts = installDoubts(data).map(({ path, message }) =>
    problem(file, path, message, parsed.value.placeOf(path), 'warning'),
  )
  return { config: data, problems: [...more(file, data, parsed.value), ...doubts], parsed: parsed.value }
}

function readYaml(source: string): ReturnType<typeof parseYaml> {
  try {
    return parseYaml(source)
  } catch (error) {
    // The parser follows nesting by recursion; a file that spends the stack is refused like any other.
    if (error instanceof RangeError)
      return { ok: false, error: [{ line: 1, column: 1, message: 'the file is nested too deeply' }] }
    throw error
  }
}

type Issue = Parameters<typeof issueWords>[0]

function told(file: string, noun: string, parsed: Parsed, issue: Issue): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      problem(file, [...issue.path, key], `is not a field of ${noun}`, parsed.keyPlaceOf(issue.path, key)),
    )
  }
  const words = issueWords(issue, valueAt(parsed.value, issue.path))
  const sentence = fieldSentence(issue.path)
  return [problem(file, issue.path, sentence ? `${words} (${sentence})` : words, parsed.placeOf(issue.path))]
}

/** Reasons are asked for, not forced: a config written elsewhere has none, and works. */
function skipReasons(file: string, config: LangConfig, parsed: Parsed): ConfigProblem[] {
  const skip = config.skip ?? []
  const bare = skip.flatMap((check, i) =>
    config.skipReasons?.[check] === undefined
      ? [problem(file, ['skip', i], `skips ${check} without a reason in skipReasons`, parsed.placeOf(['skip', i]), 'warning')]
      : [],
  )
  const idle = Object.keys(config.skipReasons ?? {}).filter((check) => !skip.some((skipped) => skipped === check))
  return [
    ...bare,
    ...idle.map((check) =>
      problem(
        file,
        ['skipReasons', check],
        'gives a reason for a check that is not skipped',
        parsed.keyPlaceOf(['skipReasons'], check),
        'warning',
      ),
    ),
  ]
}

export function problem(
  file: string,
  path: readonly PropertyKey[],
  message: string,
  place: Place,
  severity: ConfigProblem['severity'] = 'error',
): ConfigProblem {
  const at = { severity, file, line: place.line, column: place.column }
  return path.length === 0 ? { ...at, message: `the file ${message}` } : { ...at, field: path.map(String).join('.'), message }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((found, key) => (found as Record<PropertyKey, unknown> | null | undefined)?.[key], value)
}
