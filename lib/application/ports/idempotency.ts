import type { PersonId } from '#lib/domain/ids.ts'

export type KeptAnswer = { readonly status: number; readonly answer: unknown }

export type KeyBegun =
  /** It is ours to do, and to end with `keep` or `drop`. */
  | { readonly kind: 'first' }
  | { readonly kind: 'again'; readonly kept: KeptAnswer }
  /** The first is still at work. */
  | { readonly kind: 'at_work' }
  /** The key was used for something else. */
  | { readonly kind: 'other' }

/** What was answered to requests that may be repeated. Every call rejects when the database is away. */
export interface Idempotency {
  begin(person: PersonId, key: string, request: string): Promise<KeyBegun>
  keep(person: PersonId, key: string, kept: KeptAnswer): Promise<void>
  /** Nothing came of it, so the next may try. */
  drop(person: PersonId, key: string): Promise<void>
}
