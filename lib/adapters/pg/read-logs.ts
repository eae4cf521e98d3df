import type { LoggedAttempt, LogPage, LogPlace } from '#lib/application/ports/build-logs.ts'
import type { Outcome, Step } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { TOLD_END } from '#lib/domain/log-cursor.ts'
import { LOG_CHUNK_BYTES_MAX } from '#lib/domain/log-sizes.ts'
import type { ObjectKey } from '#lib/domain/object-key.ts'
import type { Sql } from './database.ts'

/** Chunks of one answer: a megabyte at most for each place asked for. */
const CHUNKS_MAX = 8

/** Where reading begins in the attempt's log: the cursor's place if it is in this attempt, else the start. */
const FROM_BYTE = '(CASE WHEN a.step = w.step AND a.number = w.number THEN greatest(w.at, 0) ELSE 0 END)'

export const ATTEMPT_COLUMNS = `a.build, a.step, a.number, a.outcome, a.reason, a.log_bytes, a.log_cut_from, a.log_cut_to,
  a.log_object, a.log_digest`

export type AttemptRow = {
  readonly build: BuildId
  readonly step: Step
  readonly number: number
  readonly outcome: Outcome | null
  readonly reason: string | null
  readonly log_bytes: string
  readonly log_cut_from: string | null
  readonly log_cut_to: string | null
  readonly log_object: ObjectKey | null
  readonly log_digest: Digest | null
}

type Row = Omit<AttemptRow, 'build'> & {
  readonly place: string
  readonly build: BuildId | null
  readonly build_outcome: Outcome | null
  readonly build_reason: string | null
  readonly begins: string | null
  readonly bytes: Uint8Array | null
}

/** All places in one statement, hence one snapshot: an attempt that it shows as ended has all of its chunks there. */
export async function readLogs(sql: Sql, places: readonly LogPlace[]): Promise<(LogPage | undefined)[]> {
  const { rows } = await sql.query<Row>(
    `SELECT w.place, b.outcome AS build_outcome, b.reason AS build_reason, ${ATTEMPT_COLUMNS}, c.begins, c.bytes
     FROM unnest($1::text[], $2::step[], $3::int[], $4::bigint[]) WITH ORDINALITY AS w (build, step, number, at, place)
     JOIN build b ON b.id = w.build
     LEFT JOIN LATERAL (
       SELECT * FROM build_attempt
       WHERE build = w.build AND (step, number) >= (w.step, w.number)
         AND NOT (step = w.step AND number = w.number AND w.at = ${TOLD_END})
       ORDER BY step, number LIMIT 1
     ) a ON true
     LEFT JOIN LATERAL (
       SELECT begins, bytes FROM log_chunk
       WHERE build = a.build AND step = a.step AND number = a.number AND begins >= ${FROM_BYTE} - ${LOG_CHUNK_BYTES_MAX} AND begins + length(bytes) > ${FROM_BYTE}
       ORDER BY begins LIMIT ${CHUNKS_MAX}
     ) c ON true
     ORDER BY w.place, c.begins`,
    [
      places.map(({ build }) => build),
      places.map(({ cursor }) => cursor.step),
      places.map(({ cursor }) => cursor.number),
      places.map(({ cursor }) => cursor.at),
    ],
  )
  const pages = places.map((): LogPage | undefined => undefined)
  for (const row of rows) {
    const place = Number(row.place) - 1
    pages[place] = withRow(pages[place], row)
  }
  return pages
}

function withRow(page: LogPage | undefined, row: Row): LogPage {
  const { build, build_outcome: outcome, build_reason: reason, begins, bytes } = row
  const known = page ?? {
    attempt: build === null ? undefined : loggedAttempt({ ...row, build }),
    chunks: [],
    ended: outcome === null ? undefined : { outcome, reason: reason ?? undefined },
  }
  if (begins === null || bytes === null) return known
  return { ...known, chunks: [...known.chunks, { begins: Number(begins), bytes }] }
}

export function loggedAttempt(row: AttemptRow): LoggedAttempt {
  const { build, step, number, outcome, reason } = row
  return {
    build,
    step,
    number,
    bytes: Number(row.log_bytes),
    cut: row.log_cut_from === null ? undefined : { from: Number(row.log_cut_from), to: Number(row.log_cut_to) },
    ended: outcome === null ? undefined : { outcome, reason: reason ?? undefined },
    object: row.log_object === null || row.log_digest === null ? undefined : { key: row.log_object, digest: row.log_digest },
  }
}
