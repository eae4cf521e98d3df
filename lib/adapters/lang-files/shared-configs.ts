import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

import type { LangConfig } from '#lib/domain/lang-config.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { type SharedRecipe, sharedRecipes } from '#lib/domain/shared-recipes.ts'
import { checkConfig, checkShared, problem } from './check-config.ts'
import { configFiles, readConfig } from './config-files.ts'
import type { ConfigProblem } from './config-problem.ts'
import type { Parsed } from './parse-yaml.ts'

/** Beside the configs of a folder: the recipes that they share. */
export const SHARED_FOLDER = 'shared'

const START = { line: 1, column: 1 }

type Shared = { readonly recipes: readonly SharedRecipe[]; readonly problems: readonly ConfigProblem[] }

/** The shared recipes of all folders; a later folder's replaces an earlier one of the same id, and a wrong one is left out. */
export function loadShared(dirs: readonly string[]): Shared {
  const problems: ConfigProblem[] = []
  const byId = new Map<string, Found>()
  for (const dir of dirs.map((each) => join(each, SHARED_FOLDER)).filter(existsSync)) {
    const files = configFiles(dir)
    if (!files.ok) problems.push(problem(dir, [], files.error, START))
    for (const file of files.ok ? files.value : []) {
      const { found, told } = readShared(file)
      problems.push(...told)
      if (found) byId.set(found.config.id, found)
    }
  }
  const recipes = [...byId.values()].map(({ config }) => config)
  return { recipes, problems: [...problems, ...[...byId.values()].flatMap((found) => sharedProblems(found, recipes))] }
}

type Found<Config = SharedRecipe> = { readonly file: string; readonly config: Config; readonly parsed: Parsed }

function readShared(file: string): { readonly found?: Found; readonly told: readonly ConfigProblem[] } {
  const source = readConfig(file)
  if (!source.ok) return { told: [problem(file, [], source.error, START)] }
  const { config, problems, parsed } = checkShared(file, source.value)
  if (!config || !parsed) return { told: problems }
  if (basename(file) === `${config.id}.yaml`) return { found: { file, config, parsed }, told: problems }
  const why = `the file must be called ${config.id}.yaml: the id is ${JSON.stringify(config.id)}`
  return { told: [...problems, problem(file, ['id'], why, parsed.placeOf(['id']))] }
}

/** What is wrong with what a config shares: a name that nobody has, a circle, a chain that is too long. */
export function sharedProblems(
  { file, config, parsed }: Found<Pick<LangConfig, 'install' | 'shared'>>,
  recipes: readonly SharedRecipe[],
): readonly ConfigProblem[] {
  const found = sharedRecipes(config.install, config.shared ?? recipes)
  if (found.ok) return []
  const path = ['install', 'riju', config.install?.riju?.indexOf(found.error.name) ?? 0]
  return [problem(file, path, found.error.why, parsed.placeOf(path))]
}

/**
 * The text of a config with the recipes that it shares as its last field, so that it says all that a build makes; one that shares
 * nothing, or says itself what, stays as it is.
 */
export function withShared(file: string, source: string, dirs: readonly string[]): Result<string, string> {
  const { config } = checkConfig(file, source)
  if (!config?.install?.riju || config.shared) return ok(source)
  const found = sharedRecipes(config.install, loadShared(dirs).recipes)
  if (!found.ok) return err(found.error.why)
  const whole = `${source.replace(/\n?$/, '\n')}shared: ${JSON.stringify(found.value)}\n`
  const { problems } = checkConfig(file, whole)
  const first = problems.find(({ severity }) => severity === 'error')
  return first ? err(`with what it shares: ${first.message}`) : ok(whole)
}
