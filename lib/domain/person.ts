import type { PersonId } from './ids.ts'

/** Each may all that those before it may. */
export const ROLES = ['visitor', 'contributor', 'maintainer', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** What a token may be used for; reading what is public needs none. */
export const SCOPES = ['build', 'deploy', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

export type Person = { readonly id: PersonId; readonly name: string; readonly role: Role }

/** Who asks: nobody we know, somebody in a browser that they signed in with, or a program with a token of theirs. */
export type Asker =
  | { readonly kind: 'stranger' }
  | { readonly kind: 'browser'; readonly person: Person }
  | { readonly kind: 'token'; readonly person: Person; readonly scopes: readonly Scope[] }

/** Longest name of a person, in characters. */
export const NAME_CHARS_MAX = 60

// What would change the line it stands in: controls, and marks that turn the direction of reading.
const UNPRINTED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A name as others get to see it; `fallback` when nothing is left of it. */
export function personName(text: string, fallback: string): string {
  const [...chars] = text.normalize('NFC').replaceAll(UNPRINTED, '').replaceAll(/\s+/g, ' ').trim()
  return chars.slice(0, NAME_CHARS_MAX).join('') || fallback
}

/** Whether text is fit to stand among other words as it is. */
export const isPlainText = (text: string): boolean => text.search(UNPRINTED) < 0

/** How a person stands in records: the name for people to read, the id since names change. */
export const actorName = ({ name, id }: Person): string => `${name}#${id}`

/** Whether a record's actor is this person. */
export const isActor = (actor: string, { id }: Person): boolean => actor.endsWith(`#${id}`)
