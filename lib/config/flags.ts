import { parseArgs } from 'node:util'

import { err, ok, type Result } from '#lib/domain/result.ts'
import type { ConfigProblem, ConfigSource } from './options.ts'
import { type Option, OPTIONS } from './table.ts'

const options = Object.values<Option<unknown>>(OPTIONS)

/** What flags such as `--port 8080` or `--port=8080` say, by environment name; a flag goes before the environment. */
export function flagSource(args: readonly string[]): Result<ConfigSource, ConfigProblem[]> {
  const known = Object.fromEntries(options.map(({ flag }) => [flag.slice(2), { type: 'string' as const }]))
  const { tokens } = parseArgs({ args: [...args], options: known, strict: false, tokens: true })
  const source: Record<string, string> = {}
  const problems: ConfigProblem[] = []
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    const given = token.kind === 'positional' ? token.value : token.rawName
    const option = options.find(({ flag }) => flag === given)
    if (!option || token.kind === 'positional') problems.push({ name: given, message: 'is no option; --help lists them' })
    else if (token.value === undefined) problems.push({ name: given, message: `must be ${option.kind.form}` })
    else source[option.env] = token.value
  }
  return problems.length > 0 ? err(problems) : ok(source)
}

/** The options as `--help` shows them. */
export function flagHelp(): string {
  return options.map((option) => `  ${option.flag}\n      ${option.sentence} (${option.env}; ${defaultWords(option)})`).join('\n')
}

export function defaultWords(option: Option<unknown>): string {
  if (option.defaultWords) return option.defaultWords
  const value = option.default?.({ memoryMiB: 0 })
  return value === undefined ? 'unset' : value === '' ? 'none' : value
}
