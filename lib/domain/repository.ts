import type { LangId } from './ids.ts'
import { err, ok, type Result } from './result.ts'

declare const checked: unique symbol

/** A name under which images are kept, as registries allow it: `base/debian-bookworm`, `lang/python`. */
export type Repository = string & { readonly [checked]: 'repository' }
/** A name that one of a repository's images has at a time. */
export type Tag = string & { readonly [checked]: 'tag' }

export type BadImageName = { readonly code: 'bad_image_name'; readonly name: string }

const REPOSITORY_CHARS_MAX = 200
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/

// The casts of this file: the text was just checked.
export const repository = (text: string): Result<Repository, BadImageName> =>
  text.length <= REPOSITORY_CHARS_MAX && REPOSITORY.test(text) ? ok(text as Repository) : bad(text)

export const tag = (text: string): Result<Tag, BadImageName> => (TAG.test(text) ? ok(text as Tag) : bad(text))

/** Registries know no plus: `c++` is `lang/c-plus-plus`. No id has a dash, so no two languages meet. */
export const languageRepository = (lang: LangId): Result<Repository, BadImageName> =>
  repository(`lang/${lang.replaceAll('+', '-plus')}`)

export const baseRepository = (distribution: string, release: string): Result<Repository, BadImageName> =>
  repository(`base/${distribution}-${release}`)

const bad = (name: string) => err({ code: 'bad_image_name' as const, name: name.slice(0, 100) })
