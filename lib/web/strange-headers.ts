import type { IncomingHttpHeaders } from 'node:http'

/** Longest tree of a page's parts that is read, in characters, and deepest: ours have three levels. */
const TREE_CHARS_MAX = 4096
const TREE_DEPTH_MAX = 10
const TREE = 'next-router-state-tree'

/** Names by which Next's own parts speak to one another. A stranger has no business to (CVE-2025-29927). */
const INTERNAL = /^x-(?:middleware|invoke|matched|now|rewrite|dragoman)-/

/**
 * Takes out of a request what must not reach the pages: headers that only they give each other, and two that Next answers
 * with a 500 and a stack in the log when they are ill-formed: the range of a file, and the tree of a page's parts that a
 * browser has already. What is left asks for the whole, which is always an answer.
 */
export function dropStrangeHeaders(headers: IncomingHttpHeaders): void {
  for (const name of Object.keys(headers)) {
    if (INTERNAL.test(name) || name === 'range' || name === 'if-range') delete headers[name]
  }
  const tree = headers[TREE]
  if (tree !== undefined && !isReadable(tree)) delete headers[TREE]
}

function isReadable(tree: string | string[]): boolean {
  if (typeof tree !== 'string' || tree.length > TREE_CHARS_MAX) return false
  try {
    return isPart(JSON.parse(decodeURIComponent(tree)), TREE_DEPTH_MAX)
  } catch {
    return false
  }
}

/** `[segment, {slot: part}, [url, url]?, marker?, number?, text?]`, as Next's router sends it. */
function isPart(value: unknown, depth: number): boolean {
  if (!Array.isArray(value) || value.length < 2 || value.length > 6 || depth === 0) return false
  const [segment, slots, refresh, marker, hints, stale] = value as unknown[]
  return (
    (isText(segment) || (isList(segment, 4) && segment.slice(0, 3).every(isText) && isNothingOr(segment[3], areTexts))) &&
    typeof slots === 'object' &&
    slots !== null &&
    !Array.isArray(slots) &&
    Object.values(slots).every((part) => isPart(part, depth - 1)) &&
    isNothingOr(refresh, (pair) => isList(pair, 2) && pair.every(isText)) &&
    isNothingOr(marker, (word) => MARKERS.has(word)) &&
    isNothingOr(hints, (number) => typeof number === 'number') &&
    (stale === undefined || isText(stale))
  )
}

const MARKERS: ReadonlySet<unknown> = new Set(['refetch', 'inside-shared-layout', 'metadata-only'])
const isText = (value: unknown): value is string => typeof value === 'string'
const isList = (value: unknown, length: number): value is unknown[] => Array.isArray(value) && value.length === length
const areTexts = (value: unknown) => Array.isArray(value) && value.every(isText)
const isNothingOr = (value: unknown, is: (value: unknown) => boolean) => value === undefined || value === null || is(value)
