import { commandsInSandbox } from '#lib/adapters/system/has-command.ts'
import { readiness, type Readiness } from '#lib/application/languages/readiness.ts'

import { loadWith, TOP } from './languages.ts'
import type { Options } from './options.ts'
import { jsonResult, note, problemLine, result, table } from './print.ts'

/** Lists the languages; a config that is refused fails the command, the others are listed all the same. */
export function langs({ configs, json }: Options): number {
  const { languages, problems } = loadWith(configs)
  const hasCommand = commandsInSandbox(TOP)
  const listed = languages.map((language) => ({ language, readiness: readiness(language, hasCommand) }))
  for (const problem of problems) note(problemLine(problem))
  if (json) {
    jsonResult({
      languages: listed.map(({ language: { id, name, aliases, checks }, readiness }) => ({
        id,
        name,
        aliases,
        checks: checks.declared,
        ...readiness,
      })),
      problems,
    })
  } else {
    const rows = listed.map(({ language: { id, name, aliases }, readiness }) => [id, name, state(readiness), aliases.join(' ')])
    result(table([['id', 'name', 'here', 'also called'], ...rows]))
  }
  return problems.some(({ severity }) => severity === 'error') ? 1 : 0
}

function state(readiness: Readiness): string {
  if (readiness.ready) return 'ready'
  const bring = readiness.packages.length === 0 ? '' : ` (apt-get install ${readiness.packages.join(' ')})`
  return `lacks ${readiness.missing.join(', ')}${bring}`
}
