import { languageRedirect } from './language-redirect.ts'
import type { Found } from './services.ts'
import { strayPath } from './stray-path.ts'

/** Longest request target that is looked at, in characters. */
export const TARGET_CHARS_MAX = 4096

/** What is answered before any page is asked; undefined lets the request in. */
export type TurnedAway =
  | { readonly status: 301; readonly location: string }
  | { readonly status: 400 | 404 | 414 | 405; readonly words: string }

/**
 * Looks at a request's method and target alone: another name of a language is sent to its own, with the query kept; what
 * no page could mean is refused. `answersTo` knows what takes other methods than pages do. The location is always a path of this site.
 */
export function frontDoor(
  method: string,
  target: string,
  find: (name: string) => Found,
  answersTo: (method: string, path: string) => boolean = () => false,
): TurnedAway | undefined {
  if (target.length > TARGET_CHARS_MAX) return { status: 414, words: 'The address is too long' }
  // An absolute-form target or one that begins with two slashes would name another host.
  if (!target.startsWith('/') || /^\/[/\\]/.test(target)) return { status: 400, words: 'The address is not of this site' }
  const [path = '/', query] = split(target)
  const stray = strayPath(path)
  if (stray === 400) return { status: stray, words: 'The address holds a character that no address has' }
  if (stray === 404) return { status: stray, words: 'There is no such page' }
  if (answersTo(method, path)) return undefined
  if (!METHODS.has(method)) return { status: 405, words: 'There is nothing here for that method' }
  const location = languageRedirect(path, find)
  return location === undefined ? undefined : { status: 301, location: query === undefined ? location : `${location}?${query}` }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

function split(target: string): [string, string | undefined] {
  const at = target.indexOf('?')
  return at < 0 ? [target, undefined] : [target.slice(0, at), target.slice(at + 1)]
}
