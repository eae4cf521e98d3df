import type { LangConfig } from '#lib/domain/lang-config.ts'

/** Something an install recipe should not do, and the field that does it. */
export type Doubt = { readonly path: readonly PropertyKey[]; readonly message: string }

const FETCHES = /\b(?:curl|wget|git\s+clone)\b/
const CHECKS = /\b(?:sha(?:256|512)sum|b2sum|gpgv?|git\s+(?:checkout|verify-commit))\b/
/** Tags that mean another thing tomorrow, as npm, pip, opam and images write them. */
const FLOATS = /[@:=#](?:latest|next|nightly|edge|head|main|master|\*)$|^(?:git\+|github:)(?!.*[#@][0-9a-f]{40}$)/i
/** Hosts that no builder elsewhere could reach, and that none should be led to. */
const PRIVATE =
  /^(?:localhost|.*\.(?:local|localhost|internal|lan|home)|(?:0|10|127)(?:\.\d+){3}|(?:169\.254|192\.168)(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])(?:\.\d+){2}|\[.*)$/i

/**
 * A recipe that builds one thing today and another tomorrow, or that leads a builder to a host of nobody else's. None of it
 * keeps a language from being used where it is installed, so it is told as a warning.
 */
export function installDoubts({ install }: Pick<LangConfig, 'install'>): Doubt[] {
  return install ? textsIn(install, ['install']).flatMap(doubtsOf) : []
}

type Text = { readonly path: readonly PropertyKey[]; readonly text: string }

function doubtsOf({ path, text }: Text): Doubt[] {
  const doubt = (message: string): Doubt[] => [{ path, message }]
  const fetches = FETCHES.test(text) && !CHECKS.test(text) && doubt('fetches without checking what it got')
  const floats = FLOATS.test(text) && doubt('is not pinned: it may be another one tomorrow')
  const host = [...text.matchAll(/\bhttps?:\/\/(?:[^\s/@]*@)?(\[[^\]]*\]|[^\s/:"']+)/gi)].find(([, name = '']) =>
    PRIVATE.test(name),
  )?.[1]
  return [...(fetches || []), ...(floats || []), ...(host ? doubt(`names the private host ${host}`) : [])]
}

/** Every text of a recipe with its place: entries of lists, shell, links. Files to add are data, and not looked at. */
function textsIn(value: unknown, path: readonly PropertyKey[]): Text[] {
  if (typeof value === 'string') return [{ path, text: value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    path.length === 1 && key === 'files' ? [] : textsIn(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}
