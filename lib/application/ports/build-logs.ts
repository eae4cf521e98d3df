import type { AttemptKey, Outcome } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import type { LogCursor } from '#lib/domain/log-cursor.ts'
import type { ObjectKey } from '#lib/domain/object-key.ts'
import type { Result } from '#lib/domain/result.ts'

/** The bytes that were taken out of a log's middle. */
export type LogCut = { readonly from: number; readonly to: number }

/** An attempt as far as its log goes. */
export type LoggedAttempt = AttemptKey & {
  readonly bytes: number
  readonly cut: LogCut | undefined
  readonly ended: { readonly outcome: Outcome; readonly reason: string | undefined } | undefined
  /** Set once the log was finalised; it has no chunks any more. */
  readonly object: { readonly key: ObjectKey; readonly digest: Digest } | undefined
}

export type LogChunk = { readonly begins: number; readonly bytes: Uint8Array }

export type LogPlace = { readonly build: BuildId; readonly cursor: LogCursor }

/** What a build's log has from a cursor on: the attempt that the cursor is in or before, and chunks of it, perhaps not all. */
export type LogPage = {
  readonly attempt: LoggedAttempt | undefined
  readonly chunks: readonly LogChunk[]
  /** Set when the build has ended; then no further attempt comes. */
  readonly ended: { readonly outcome: Outcome; readonly reason: string | undefined } | undefined
}

export type AppendRefused =
  | { readonly code: 'stale_attempt' }
  /** Chunks come in order; this is the number of the next. */
  | { readonly code: 'log_gap'; readonly expected: number }

/** Logs of attempts, in chunks. Every call rejects when the database cannot be reached within its time limit. */
export interface BuildLogs {
  /** Keeps the chunk; one that came before is no error. Beyond the caps the middle goes. Announces nothing by itself. */
  append(attempt: AttemptKey, seq: number, bytes: Uint8Array): Promise<Result<{ readonly next: number }, AppendRefused>>
  /** What each build has from the cursor on, in one look and in this order; undefined for a build that never was. */
  read(places: readonly LogPlace[]): Promise<readonly (LogPage | undefined)[]>
  /** Ended attempts whose log still lies in chunks, the oldest first. */
  unfinalised(max: number): Promise<readonly LoggedAttempt[]>
  /** All chunks of an attempt in order, a few at a time. */
  chunks(attempt: AttemptKey): AsyncIterable<LogChunk>
  /** Says where the log lies from now on and drops the chunks. */
  finalised(attempt: AttemptKey, object: { readonly key: ObjectKey; readonly digest: Digest }): Promise<void>
}

/** `queue`: something can be leased; `build`: a build or one of its steps is in another state. */
export type Announced = 'log' | 'queue' | 'build' | 'deployment'

/** Words between servers that carry nothing: who hears one looks for itself. Missed ones are found by looking now and then. */
export interface Announcements {
  announce(what: Announced): Promise<void>
  /** Calls on each; the answer ends it. */
  on(what: Announced, call: () => void): () => void
}
