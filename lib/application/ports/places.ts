import type { LangId, SessionId } from '#lib/domain/ids.ts'
import type { Visitor } from '#lib/domain/turns.ts'

import type { MemberRecord } from './records.ts'

/** What all servers together let in. */
export type PlaceBounds = {
  readonly sessionsMax: number
  readonly perAddressMax: number
  /** Of one address, in any sixty seconds. */
  readonly startsPerMinute: number
  readonly queueMax: number
}

export type PlaceAsk = {
  readonly session: SessionId
  readonly visitor: Visitor
  readonly owner: string
  /** The member that is leased for it when it enters at once. */
  readonly lang: LangId
  readonly keptAs: string
}

/** `entered`: with the leased member, if there was a free one. `waiting`: with the place in the queue, from 1. */
export type PlaceAnswer =
  | { readonly code: 'entered'; readonly member: MemberRecord | undefined }
  | { readonly code: 'waiting'; readonly place: number }
  | { readonly code: 'too_many_sessions' }
  | { readonly code: 'too_fast'; readonly retryAfterMs: number }
  | { readonly code: 'queue_full' }

/** One who waited: their place in the queue now, or 0 once they have entered. */
export type Turn = { readonly session: SessionId; readonly place: number }

/**
 * Places of sessions that are being opened, over all servers. A place is counted from here until the session's row replaces
 * it, so that the limits hold however many ask at once. Calls reject when the store cannot be reached.
 */
export interface Places {
  /**
   * Enters, waits, or is refused, and leases a member, all in one statement. Over a full queue whoever is last in turn goes,
   * which may be another than the one who asks.
   */
  enterPlace(ask: PlaceAsk, bounds: PlaceBounds): Promise<PlaceAnswer>
  /**
   * Lets in whoever is next, of any server, as far as there is room. Answers for the sessions that this one waits for; one
   * that is missing was turned away. Others of this owner that wait are nobody's any more, and leave.
   */
  placeTurns(owner: string, waiting: readonly SessionId[], sessionsMax: number): Promise<readonly Turn[]>
  /** Gives places up that no session came of. May be repeated. */
  leavePlaces(sessions: readonly SessionId[]): Promise<void>
  /** Forgets those that entered longer ago than this, of which no session came, and whose a session was when it ended a minute ago. */
  expirePlaces(olderThanMs: number): Promise<void>
}
