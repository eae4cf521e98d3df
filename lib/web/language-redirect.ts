import type { Found } from './services.ts'

/**
 * Where a language's other name leads: `/Python3` to `/python`. Undefined for a path that is right as it is, or none of
 * ours. The answer is always a path of this site, made of the language's own id and never of what was asked for.
 */
export function languageRedirect(pathname: string, find: (name: string) => Found): string | undefined {
  const name = languageName(pathname)
  if (name === undefined) return undefined
  const found = find(name)
  if (found.kind === 'alias') return `/${found.id}`
  return found.kind === 'id' && pathname !== `/${found.listed.language.id}` ? `/${found.listed.language.id}` : undefined
}

/** Longest name looked up; no language's is near it. */
export const NAME_CHARS_MAX = 64

/** The name in a path of exactly one part, as it was typed; a trailing slash does not count. */
export function languageName(pathname: string): string | undefined {
  const part = /^\/([^/]+)\/?$/.exec(pathname)?.[1]
  if (part === undefined || part.length > NAME_CHARS_MAX * 3) return undefined
  try {
    const name = decodeURIComponent(part)
    return name.length <= NAME_CHARS_MAX ? name : undefined
  } catch {
    return undefined // a lone % or bytes that are not UTF-8
  }
}
