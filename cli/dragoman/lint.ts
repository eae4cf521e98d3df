import { realpathSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'

import type { ConfigProblem } from '#lib/adapters/lang-files/config-problem.ts'
import { lintFile, loadLanguages } from '#lib/adapters/lang-files/load-languages.ts'

import { LANGS } from './languages.ts'
import type { Options } from './options.ts'
import { jsonResult, note, problemLine, result } from './print.ts'

/** Says what is wrong with configs; only errors fail the command, warnings do not. */
export function lint({ names, json }: Options): number {
  const found = (names.length === 0 ? [LANGS] : names).flatMap((name) => problemsOf(resolve(name)))
  const problems = found.map((problem) => ({ ...problem, file: shown(problem.file) }))
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (json) jsonResult({ ok: errors === 0, problems })
  else for (const problem of problems) result(problemLine(problem))
  note(`${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`)
  return errors === 0 ? 0 : 1
}

/** A folder is looked at together with the languages that come along, since names must not clash with theirs. */
function problemsOf(path: string): readonly ConfigProblem[] {
  if (!isFolder(path)) return lintFile(path, [LANGS])
  if (realpathSync(path) === realpathSync(LANGS)) return loadLanguages([path]).problems
  const own = loadLanguages([LANGS]).problems.length
  return loadLanguages([LANGS, path]).problems.slice(own)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** As short as a person would write it. */
function shown(file: string): string {
  const from = relative(process.cwd(), file)
  return from.startsWith('..') ? file : from || '.'
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`
