import type { LangConfig } from '#lib/domain/lang-config.ts'

import { problem } from './check-config.ts'
import type { ConfigProblem } from './config-problem.ts'
import type { Parsed } from './parse-yaml.ts'

/** A config that is right by itself; `folder` counts up, the later before the earlier. */
export type Candidate = {
  readonly file: string
  readonly folder: number
  readonly config: LangConfig
  readonly parsed: Parsed
}

/**
 * Gives each name to one language: ids go before aliases, then the later folder before the earlier. Within a folder a
 * name taken twice is a mistake, and the file is left out; between folders the alias is, since neither knew of the other.
 */
export function settleNames(candidates: readonly Candidate[]): { configs: LangConfig[]; problems: ConfigProblem[] } {
  const owners = new Map(candidates.map((candidate) => [candidate.config.id, candidate]))
  const problems: ConfigProblem[] = []
  const configs = candidates
    .toSorted((a, b) => b.folder - a.folder) // stable: within a folder by file
    .flatMap((candidate) => {
      const clashes = clashesOf(candidate, owners)
      problems.push(...clashes.map(({ told }) => told))
      if (clashes.some(({ told }) => told.severity === 'error')) return []
      const aliases = (candidate.config.aliases ?? []).filter((_, i) => !clashes.some(({ alias }) => alias === i))
      for (const alias of aliases) owners.set(alias.toLowerCase(), candidate)
      return [{ ...candidate.config, aliases }]
    })
  return { configs, problems }
}

function clashesOf(candidate: Candidate, owners: ReadonlyMap<string, Candidate>): { alias: number; told: ConfigProblem }[] {
  const { config, file, folder, parsed } = candidate
  return (config.aliases ?? []).flatMap((name, alias) => {
    const owner = owners.get(name.toLowerCase())
    if (!owner) return []
    const path = ['aliases', alias]
    const message = `${JSON.stringify(name)} is already a name of ${owner.config.id} (${owner.file})`
    const severity = owner.folder === folder ? 'error' : 'warning'
    return [{ alias, told: problem(file, path, message, parsed.placeOf(path), severity) }]
  })
}
