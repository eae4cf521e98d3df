import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

import type { CameOf } from '#lib/application/ports/questions.ts'
import { buildId } from '#lib/domain/ids.ts'

import { loadWith, TOP } from '../dragoman/languages.ts'
import { note } from '../dragoman/print.ts'
import { withWorkshop } from '../dragoman/workshop.ts'
import { buildAsJson } from './build-as-json.ts'
import { languagesPage } from './page.ts'
import { resultOf } from './result-of.ts'
import { isGreen, parseResults, type Results, resultsText } from './results.ts'

const JSON_FILE = join(TOP, 'docs', 'languages.json')
const PAGE = join(TOP, 'docs', 'languages.md')

const built = z.object({
  builds: z.array(z.object({ lang: z.string(), build: z.string().optional(), why: z.string().optional() })),
})

process.exitCode = await main(process.argv.slice(2))

/**
 * Builds and tests languages on images, all or those named, and keeps what came of it in docs/. What was built of the same
 * inputs before is not built again: a run that was stopped goes on where it was.
 */
async function main(names: readonly string[]): Promise<number> {
  const { code, stdout } = await buildAsJson(names)
  if (stdout.trim() === '') return code || 1
  const { builds } = built.parse(JSON.parse(stdout))
  for (const { lang, build, why } of builds) if (build === undefined) note(`${lang}: ${why ?? 'not built'}`)
  const ids = builds.flatMap(({ build }) => buildId(build ?? '') ?? [])
  const came = await withWorkshop(({ questions }) => questions.cameOf(ids))

  const results = merged(before(), came)
  writeFileSync(JSON_FILE, resultsText(results))
  writeFileSync(PAGE, languagesPage(results))
  const green = results.languages.filter(isGreen).length
  note(`${green} of ${results.languages.length} languages pass all they declare on images: docs/languages.md`)
  return code
}

function before(): Results {
  const kept = parseResults(readFileSync(JSON_FILE, 'utf8'))
  if (kept.ok) return kept.value
  throw new Error(`docs/languages.json is not what this writes: ${kept.error}`)
}

/** What is new over what was, of the languages that there are. */
function merged({ base, languages: were }: Results, came: readonly CameOf[]): Results {
  const { languages } = loadWith(undefined)
  const all = languages.flatMap((language) => {
    const fresh = came.find(({ lang }) => lang === language.id)
    return (fresh && resultOf(language, fresh)) ?? were.find(({ id }) => id === language.id) ?? []
  })
  return { base: came[0]?.base ?? base, languages: all.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }
}
