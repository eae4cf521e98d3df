import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { checkConfig } from '#lib/adapters/lang-files/check-config.ts'
import { readConfig } from '#lib/adapters/lang-files/config-files.ts'
import { loadLanguages, type Loaded } from '#lib/adapters/lang-files/load-languages.ts'
import { findLanguage } from '#lib/application/languages/find-language.ts'
import { langId } from '#lib/domain/ids.ts'
import { toLanguage } from '#lib/domain/lang-to-language.ts'
import type { Language } from '#lib/domain/language.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

/** Where this checkout begins. */
export const TOP = resolve(import.meta.dirname, '../..')
/** The languages that come along. */
export const LANGS = join(TOP, 'langs')

/** The folder of the languages that come along, and the one whose configs replace them. */
export const configFolders = (configs: string | undefined): readonly string[] =>
  configs === undefined ? [LANGS] : [LANGS, resolve(configs)]

/** The languages that come along, and those of a folder over them. */
export const loadWith = (configs: string | undefined): Loaded => loadLanguages(configFolders(configs))

/** Those that are named by their ids, from their files alone; undefined when one is not, or its file is wrong: then all are read. */
export function loadNamed(configs: string | undefined, names: readonly string[]): readonly Language[] | undefined {
  const languages = names.map((name) => {
    const file = langId(name) && configFile(configs, name)
    const text = file === undefined ? undefined : readConfig(file)
    const config = file !== undefined && text?.ok ? checkConfig(file, text.value).config : undefined
    return config?.id === name ? toLanguage(config) : undefined
  })
  const found = languages.filter((language) => language !== undefined)
  return found.length > 0 && found.length === names.length ? found : undefined
}

/** Where the config of an id is. */
export const configFile = (configs: string | undefined, id: string): string | undefined =>
  [...(configs === undefined ? [] : [resolve(configs)]), LANGS].map((dir) => join(dir, `${id}.yaml`)).find(existsSync)

/** Those that are named, by id or another name; all when none is. */
export function chooseLanguages(languages: readonly Language[], names: readonly string[]): Result<readonly Language[], string> {
  if (names.length === 0) return ok(languages)
  const listed = languages.map((language) => ({ language, readiness: { ready: true } as const }))
  const ids = new Set<string>()
  for (const name of names) {
    const found = findLanguage(listed, name)
    if (found.kind === 'none') {
      const near = found.near.length === 0 ? '' : `; did you mean ${found.near.join(', ')}?`
      return err(`there is no language ${JSON.stringify(name)}${near}`)
    }
    ids.add(found.kind === 'id' ? found.listed.language.id : found.id)
  }
  return ok(languages.filter(({ id }) => ids.has(id)))
}
