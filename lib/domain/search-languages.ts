/** What a language is found by. */
export type Named = { readonly id: string; readonly name: string; readonly aliases: readonly string[] }

/** Longest text searched for; longer input is cut, nothing is that long. */
export const QUERY_CHARS_MAX = 64

/** Those that match, best first; all of them, as they were, for an empty query. */
export function searchLanguages<Entry extends Named>(entries: readonly Entry[], query: string): readonly Entry[] {
  const wanted = plain(query.slice(0, QUERY_CHARS_MAX))
  if (wanted === '') return entries
  return entries
    .map((entry, place) => ({ entry, place, rank: rank(entry, wanted) }))
    .filter(({ rank }) => rank < NO_MATCH)
    .toSorted((a, b) => a.rank - b.rank || a.place - b.place)
    .map(({ entry }) => entry)
}

const NO_MATCH = 9

/** 0 the name itself, 1 how it begins, 2 how a word in it begins, 3 a part of it, 4 its letters in order. */
function rank({ id, name, aliases }: Named, wanted: string): number {
  return Math.min(...[name, id, ...aliases].map((text) => textRank(plain(text), wanted)))
}

function textRank(text: string, wanted: string): number {
  if (text === wanted) return 0
  if (text.startsWith(wanted)) return 1
  const at = text.indexOf(wanted)
  if (at > 0) return /[^\p{L}\p{N}]/u.test(text[at - 1] ?? '') ? 2 : 3
  return wanted.length > 1 && inOrder(text, wanted) ? 4 : NO_MATCH
}

function inOrder(text: string, wanted: string): boolean {
  let at = 0
  for (const char of text) if (char === wanted[at]) at++
  return at === wanted.length
}

/** Lower case, without accents, so that `malbolge` and `Málbolge` meet. */
const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim()
