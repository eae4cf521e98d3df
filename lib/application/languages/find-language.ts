import { nearNames } from './near-names.ts'
import type { Listed } from './readiness.ts'

/** A name as somebody typed it: a language by its own id, by another of its names, or none, with ids that are near. */
export type Found =
  | { readonly kind: 'id'; readonly listed: Listed }
  | { readonly kind: 'alias'; readonly id: string }
  | { readonly kind: 'none'; readonly near: readonly string[] }

/** Only the id as it is written is the id; other case, like an alias, leads to it. */
export function findLanguage(languages: readonly Listed[], name: string): Found {
  const own = languages.find(({ language }) => language.id === name)
  if (own) return { kind: 'id', listed: own }
  const wanted = name.toLowerCase()
  const other = languages.find(
    ({ language: { id, aliases } }) => id === wanted || aliases.some((alias) => alias.toLowerCase() === wanted),
  )
  if (other) return { kind: 'alias', id: other.language.id }
  return {
    kind: 'none',
    near: nearNames(
      languages.map(({ language }) => language),
      name,
    ),
  }
}
