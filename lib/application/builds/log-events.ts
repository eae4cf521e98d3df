import type { LogPage } from '#lib/application/ports/build-logs.ts'
import type { Outcome, Step } from '#lib/domain/build.ts'
import { cursorIn, type LogCursor, NOT_BEGUN, TOLD_END } from '#lib/domain/log-cursor.ts'

type Ended = { readonly outcome: Outcome; readonly reason: string | undefined }

/** What a follower of a build's log is told. Whoever comes back with an event's cursor gets what follows it. */
export type LogEvent = { readonly cursor: LogCursor } & (
  | { readonly kind: 'attempt'; readonly step: Step; readonly number: number }
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  /** So many bytes were taken out of the middle. */
  | { readonly kind: 'cut'; readonly bytes: number }
  | ({ readonly kind: 'attempt_ended'; readonly step: Step; readonly number: number } & Ended)
  /** The last: the build has ended, and nothing follows. */
  | ({ readonly kind: 'end' } & Ended)
)

/**
 * The events from a cursor on, as far as this page goes; none when there is no news. The caller asks again from the last
 * event's cursor until there is an `end`.
 */
export function logEvents(page: LogPage, cursor: LogCursor): readonly LogEvent[] {
  const { attempt } = page
  if (!attempt) return page.ended ? [{ kind: 'end', ...page.ended, cursor }] : []
  const events: LogEvent[] = []
  const { step, number } = attempt
  let at = cursorIn(cursor, attempt) === 'in' ? cursor.at : NOT_BEGUN
  const place = (at: number): LogCursor => ({ step, number, at })

  if (at === NOT_BEGUN) events.push({ kind: 'attempt', step, number, cursor: place((at = 0)) })
  for (const { begins, bytes } of page.chunks) {
    if (begins > at) events.push({ kind: 'cut', bytes: begins - at, cursor: place((at = begins)) })
    const rest = bytes.subarray(at - begins)
    at += rest.length
    events.push({ kind: 'text', bytes: rest, cursor: place(at) })
  }
  if (attempt.ended && at >= attempt.bytes) {
    events.push({ kind: 'attempt_ended', step, number, ...attempt.ended, cursor: place(TOLD_END) })
  }
  return events
}
