import type { Language } from '#lib/domain/language.ts'

import { editDistance } from './edit-distance.ts'

export const NEAR_MAX = 5
/** Longer names than any language has are not compared with anything. */
export const NAME_CHARS_MAX = 64
const DISTANCE_MAX = 2

/** Ids of languages whose id, alias or name is near what was typed, the nearest first. */
export function nearNames(languages: readonly Language[], typed: string): readonly string[] {
  const wanted = typed.toLowerCase()
  if (wanted === '' || wanted.length > NAME_CHARS_MAX) return []
  return languages
    .map(({ id, name, aliases }) => ({
      id,
      far: Math.min(...[id, name, ...aliases].map((known) => farness(wanted, known.toLowerCase()))),
    }))
    .filter(({ far }) => far < Infinity)
    .toSorted((a, b) => a.far - b.far || (a.id < b.id ? -1 : 1))
    .slice(0, NEAR_MAX)
    .map(({ id }) => id)
}

/** The beginning of a name is nearest, then a slip of the fingers, then a part of it. */
function farness(wanted: string, known: string): number {
  if (known.startsWith(wanted)) return 0
  // Every word of three letters is two letters away from every other, so short ones get fewer.
  const max = Math.min(DISTANCE_MAX, Math.floor(wanted.length / 2) - 1)
  const distance = max < 1 ? Infinity : editDistance(wanted, known, max)
  if (distance <= max) return distance
  return wanted.length > 2 && known.includes(wanted) ? DISTANCE_MAX + 1 : Infinity
}
