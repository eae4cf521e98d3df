import { join, resolve } from 'node:path'

import { loadLanguages, type Loaded } from '#lib/adapters/lang-files/load-languages.ts'

/** Where this checkout begins. */
export const TOP = resolve(import.meta.dirname, '../..')
/** The languages that come along. */
export const LANGS = join(TOP, 'langs')

/** The languages that come along, and those of a folder over them. */
export const loadWith = (configs: string | undefined): Loaded =>
  loadLanguages(configs === undefined ? [LANGS] : [LANGS, resolve(configs)])
