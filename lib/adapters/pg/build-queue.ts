import type { BuildQueue, LiveAttempt } from '#lib/application/ports/build-queue.ts'
import { err } from '#lib/domain/result.ts'
import { contradicts, type Database } from './database.ts'
import { finishAttempt } from './finish-attempt.ts'
import { leaseNext } from './lease-next.ts'
import { findBuild, listBuilds } from './read-builds.ts'
import { requestBuild } from './request-build.ts'
import { type Stop, stopBuild } from './stop-build.ts'

/** The queue in PostgreSQL. What must hold of two rows is a constraint in prisma/migrations/0003_builds, whoever writes. */
export function pgBuildQueue(database: Database): BuildQueue {
  const { sql, transaction } = database
  return {
    request: (request) => transaction((sql) => requestBuild(sql, request)),
    lease: (builder, slots) => leaseNext(database, builder, slots),

    async beat({ build, step, number }) {
      const { rows } = await sql.query<{ stop: Stop['as'] | null }>(
        `UPDATE build_attempt SET beats = beats + 1 WHERE build = $1 AND step = $2 AND number = $3 AND ended_at IS NULL
         RETURNING (SELECT stop_as FROM build WHERE id = $1) AS stop`,
        [build, step, number],
      )
      return rows[0] ? (rows[0].stop ?? 'wanted') : 'stale'
    },

    async finish(attempt, end) {
      try {
        return await transaction((sql) => finishAttempt(sql, attempt, end))
      } catch (error) {
        if (contradicts(error)) return err({ code: 'bad_result', why: error.message })
        throw error
      }
    },

    async live() {
      const { rows } = await sql.query<LiveAttempt>(
        `SELECT a.build, a.step, a.number, a.builder, a.beats, s.timeout_ms AS "timeoutMs"
         FROM build_attempt a JOIN build_step s ON s.build = a.build AND s.step = a.step WHERE a.ended_at IS NULL`,
      )
      return rows
    },

    async waiting() {
      const { rows } = await sql.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM build_step WHERE state = 'ready' AND ready_at <= now()`,
      )
      return rows[0]?.count ?? 0
    },

    async lose(attempt, reason) {
      const end = { outcome: 'infra', reason } as const
      const finished = await transaction((sql) => finishAttempt(sql, attempt, end, attempt.beats))
      return finished.ok ? finished.value : undefined
    },

    cancel: (build, by, { unlessShared = false } = { unlessShared: false }) =>
      transaction((sql) => stopBuild(sql, build, { as: 'cancelled', by }, unlessShared)),

    prioritise: (build, priority) =>
      transaction(async (sql) => {
        const found = await sql.query('UPDATE build SET priority = $2 WHERE id = $1 AND outcome IS NULL', [build, priority])
        if (!found.rowCount) return false
        await sql.query('UPDATE build_step SET priority = $2 WHERE build = $1 AND outcome IS NULL', [build, priority])
        await sql.query('NOTIFY dragoman_queue')
        return true
      }),

    async atWorkFor(by) {
      const { rows } = await sql.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM build WHERE outcome IS NULL AND requested_by = $1',
        [by],
      )
      return rows[0]?.count ?? 0
    },

    find: (build) => findBuild(sql, build),
    list: (which) => listBuilds(sql, which),
  }
}
