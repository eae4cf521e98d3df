import type { Outcome } from '#lib/domain/build.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import type { Sql } from './database.ts'

export type Stop = { readonly as: Extract<Outcome, 'cancelled' | 'superseded'>; readonly by: string }

/** Asks for a build's end; the first who asks is named. What waits ends now, and with nothing at work the build does too. */
export async function stopBuild(sql: Sql, build: BuildId, { as, by }: Stop, unlessShared = false): Promise<boolean> {
  const { rows } = await sql.query<{ stop_as: Stop['as']; stop_by: string }>(
    `UPDATE build SET stop_as = coalesce(stop_as, $2), stop_by = coalesce(stop_by, $3)
     WHERE id = $1 AND outcome IS NULL AND NOT ($4 AND shared) RETURNING stop_as, stop_by`,
    [build, as, by, unlessShared],
  )
  const stopped = rows[0]
  if (!stopped) return false
  // A lease in progress holds its step's row. We wait for it, and then find the step running.
  await sql.query(`UPDATE build_step SET state = 'done', outcome = $2, ended_at = now() WHERE build = $1 AND state = 'ready'`, [
    build,
    stopped.stop_as,
  ])
  await sql.query(
    `UPDATE build SET outcome = $2, reason = $3, ended_at = now()
     WHERE id = $1 AND NOT EXISTS (SELECT FROM build_attempt WHERE build = $1 AND ended_at IS NULL)`,
    [build, stopped.stop_as, stopReason(stopped.stop_as, stopped.stop_by)],
  )
  await sql.query('NOTIFY dragoman_log; NOTIFY dragoman_build')
  return true
}

export const stopReason = (as: Stop['as'], by: string) => (as === 'cancelled' ? `Cancelled by ${by}` : `Superseded by ${by}`)
