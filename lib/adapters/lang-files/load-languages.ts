import { basename, dirname, extname } from 'node:path'

import { toLanguage } from '#lib/domain/lang-to-language.ts'
import type { Language } from '#lib/domain/language.ts'

import { err, ok, type Result } from '#lib/domain/result.ts'

import { checkConfig, problem } from './check-config.ts'
import { configFiles, readConfig } from './config-files.ts'
import type { ConfigProblem } from './config-problem.ts'
import { settleNames, type Candidate } from './settle-names.ts'
import { loadShared, SHARED_FOLDER, sharedProblems } from './shared-configs.ts'

export type Loaded = { readonly languages: readonly Language[]; readonly problems: readonly ConfigProblem[] }

const START = { line: 1, column: 1 }

/**
 * Reads every config of the folders. A file that is wrong is left out and told about; it takes no other down. A later
 * folder's config replaces an earlier one of the same id.
 */
export function loadLanguages(dirs: readonly string[]): Loaded {
  const problems: ConfigProblem[] = []
  const shared = loadShared(dirs)
  problems.push(...shared.problems)
  const byId = new Map<string, Candidate>()
  for (const [folder, dir] of dirs.entries()) {
    const files = configFiles(dir)
    if (!files.ok) problems.push(problem(dir, [], files.error, START))
    for (const file of files.ok ? files.value : []) {
      const { candidate, found } = readCandidate(file, folder)
      const lacks = candidate ? sharedProblems(candidate, shared.recipes) : []
      problems.push(...found, ...lacks)
      if (candidate && lacks.length === 0) byId.set(candidate.config.id, candidate)
    }
  }
  const settled = settleNames([...byId.values()])
  return { languages: settled.configs.map(toLanguage).toSorted(byName), problems: [...problems, ...settled.problems] }
}

/** A language of a config's text alone; the error is its first problem. */
export function languageOf(name: string, text: string): Result<Language, string> {
  const { config, problems } = checkConfig(name, text)
  if (config) return ok(toLanguage(config))
  const [first] = problems
  return err(first ? `${first.line}:${first.column} ${first.field ?? ''} ${first.message}` : 'it cannot be read')
}

/** The problems of a single file, without loading its set; what it shares is looked for in its own folder and in `dirs`. */
export function lintFile(file: string, dirs: readonly string[]): readonly ConfigProblem[] {
  const folder = dirname(file)
  const isShared = basename(folder) === SHARED_FOLDER
  const shared = loadShared([...dirs, isShared ? dirname(folder) : folder])
  if (isShared) return shared.problems.filter((problem) => problem.file === file)
  const { candidate, found } = readCandidate(file, 0)
  return [...found, ...(candidate ? sharedProblems(candidate, shared.recipes) : [])]
}

function readCandidate(file: string, folder: number): { candidate?: Candidate; found: readonly ConfigProblem[] } {
  const source = readConfig(file)
  if (!source.ok) return { found: [problem(file, [], source.error, START)] }
  const { config, problems, parsed } = checkConfig(file, source.value)
  if (!config || !parsed) return { found: problems }

  const expected = `${config.id}.yaml`
  if (basename(file) !== expected) {
    const why = extname(file) === '.yml' ? 'configs end in .yaml' : `the id is ${JSON.stringify(config.id)}`
    return { found: [...problems, problem(file, ['id'], `the file must be called ${expected}: ${why}`, parsed.placeOf(['id']))] }
  }
  return { candidate: { file, folder, config, parsed }, found: problems }
}

export const byName = (a: Language, b: Language) => a.name.localeCompare(b.name, 'en') || (a.id < b.id ? -1 : 1)
