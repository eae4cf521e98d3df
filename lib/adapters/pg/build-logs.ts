import type { AppendRefused, BuildLogs, LogChunk } from '#lib/application/ports/build-logs.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import { LOG_HEAD_BYTES_MAX, LOG_TAIL_BYTES_MAX } from '#lib/domain/log-sizes.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { Database, Sql } from './database.ts'
import { ATTEMPT_COLUMNS, type AttemptRow, loggedAttempt, readLogs } from './read-logs.ts'

/** Chunks that are in memory at once while a log is finalised. */
const CHUNKS_AT_ONCE = 16

export function pgBuildLogs({ sql, transaction }: Database): BuildLogs {
  return {
    async append(attempt, seq, bytes) {
      const { rows } = await sql.query<{ total: string }>(
        `WITH taken AS (
           UPDATE build_attempt SET log_next = log_next + 1, log_bytes = log_bytes + length($5::bytea)
           WHERE build = $1 AND step = $2 AND number = $3 AND log_next = $4 AND ended_at IS NULL
           RETURNING build, step, number, log_bytes
         ), kept AS (
           INSERT INTO log_chunk (build, step, number, seq, begins, bytes)
           SELECT build, step, number, $4, log_bytes - length($5::bytea), $5 FROM taken
         )
         SELECT log_bytes AS total FROM taken`,
        [...keyOf(attempt), seq, bytes],
      )
      if (!rows[0]) return notTaken(sql, attempt, seq)
      if (Number(rows[0].total) > LOG_HEAD_BYTES_MAX + LOG_TAIL_BYTES_MAX) await cutMiddle(sql, attempt)
      return ok({ next: seq + 1 })
    },

    read: (places) => readLogs(sql, places),

    async unfinalised(max) {
      const { rows } = await sql.query<AttemptRow>(
        `SELECT ${ATTEMPT_COLUMNS} FROM build_attempt a WHERE a.ended_at IS NOT NULL AND a.log_object IS NULL
         ORDER BY a.ended_at LIMIT $1`,
        [max],
      )
      return rows.map(loggedAttempt)
    },

    async *chunks(attempt) {
      for (let from = 0; ;) {
        const { rows } = await sql.query<LogChunk & { begins: string }>(
          `SELECT begins, bytes FROM log_chunk WHERE build = $1 AND step = $2 AND number = $3 AND begins >= $4
           ORDER BY begins LIMIT ${CHUNKS_AT_ONCE}`,
          [...keyOf(attempt), from],
        )
        for (const { begins, bytes } of rows) {
          yield { begins: Number(begins), bytes }
          from = Number(begins) + bytes.length
        }
        if (rows.length < CHUNKS_AT_ONCE) return
      }
    },

    finalised: (attempt, { key, digest }) =>
      transaction(async (sql) => {
        await sql.query(
          `UPDATE build_attempt SET log_object = $4, log_digest = $5
           WHERE build = $1 AND step = $2 AND number = $3 AND log_object IS NULL`,
          [...keyOf(attempt), key, digest],
        )
        await sql.query('DELETE FROM log_chunk WHERE build = $1 AND step = $2 AND number = $3', keyOf(attempt))
      }),
  }
}

/** Why the attempt did not take this chunk: it came before, an earlier one is missing, or the attempt has ended. */
async function notTaken(sql: Sql, attempt: AttemptKey, seq: number): Promise<Result<{ next: number }, AppendRefused>> {
  const { rows } = await sql.query<{ log_next: number; ended: boolean }>(
    'SELECT log_next, ended_at IS NOT NULL AS ended FROM build_attempt WHERE build = $1 AND step = $2 AND number = $3',
    keyOf(attempt),
  )
  const found = rows[0]
  if (found && seq < found.log_next) return ok({ next: found.log_next })
  if (!found || found.ended) return err({ code: 'stale_attempt' })
  return err({ code: 'log_gap', expected: found.log_next })
}

/** Takes whole chunks out between the head and the tail. What a crash leaves undone the next append does. */
async function cutMiddle(sql: Sql, attempt: AttemptKey): Promise<void> {
  await sql.query(
    `WITH head AS (
       SELECT log_bytes, coalesce(log_cut_from, (
         SELECT max(begins + length(bytes)) FROM log_chunk
         WHERE build = $1 AND step = $2 AND number = $3 AND begins + length(bytes) <= ${LOG_HEAD_BYTES_MAX}
       ), 0) AS ends
       FROM build_attempt WHERE build = $1 AND step = $2 AND number = $3 FOR UPDATE
     ), gone AS (
       DELETE FROM log_chunk USING head
       WHERE build = $1 AND step = $2 AND number = $3
         AND begins >= head.ends AND begins < head.log_bytes - ${LOG_TAIL_BYTES_MAX}
       RETURNING begins + length(bytes) AS ends
     ), cut AS (SELECT max(ends) AS ends FROM gone)
     UPDATE build_attempt SET log_cut_from = head.ends, log_cut_to = cut.ends FROM head, cut
     WHERE build = $1 AND step = $2 AND number = $3 AND cut.ends IS NOT NULL`,
    keyOf(attempt),
  )
}

const keyOf = ({ build, step, number }: AttemptKey) => [build, step, number]
