import type { Named } from '#lib/domain/backup.ts'
import type { Result } from '#lib/domain/result.ts'

/** Some rows of one table, each a JSON object. */
export type RowsBatch = { readonly table: string; readonly lines: readonly string[] }

export type RowsRefused =
  | { readonly code: 'not_empty'; readonly what: string }
  /** The tables do not take them. */
  | { readonly code: 'bad_rows'; readonly why: string }

/** All rows that a backup has; sessions and the pool's members are none of them. */
export interface BackupRows {
  /** Hands on every row as of one moment, referenced ones first. Answers what they name. */
  read(take: (batch: RowsBatch) => Promise<void>, signal: AbortSignal): Promise<Named>
  /** What the rows of this moment name. */
  named(): Promise<Named>
  /** A table that has rows already. */
  occupied(): Promise<string | undefined>
  /** All of the rows or none: what `check` refuses of what they name, or throws, takes them back. */
  restore<E>(
    batches: AsyncIterable<RowsBatch>,
    check: (named: Named) => Promise<Result<void, E>>,
  ): Promise<Result<void, RowsRefused | E>>
}
