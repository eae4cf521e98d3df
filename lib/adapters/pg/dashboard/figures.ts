import type { BuildFigure, CheckHistory, DayFigure, QueueFigure } from '#lib/application/ports/overviews.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { Sql } from '../database.ts'

/** Builds of a language whose checks are counted. */
const HISTORY_BUILDS = 100
/** Runs of a check that are shown one by one. */
const LATEST_MAX = 20

export async function checkHistory(sql: Sql, lang: LangId): Promise<readonly CheckHistory[]> {
  const { rows } = await sql.query<CheckHistory>(
    `WITH runs AS MATERIALIZED (
       SELECT t.* FROM (SELECT id FROM build WHERE lang = $1 ORDER BY requested_at DESC LIMIT ${HISTORY_BUILDS}) b
       JOIN test_run t ON t.build = b.id
     ), repeated AS (
       SELECT "check", combination, bool_or(outcome = 'ok') AND bool_or(outcome IN ('failed', 'timeout')) AS is_flaky
       FROM runs GROUP BY "check", combination HAVING count(*) > 1
     )
     SELECT "check", count(*)::int AS runs, count(*) FILTER (WHERE outcome = 'ok')::int AS passed,
       count(*) FILTER (WHERE outcome = 'skipped')::int AS skipped,
       (SELECT count(*)::int FROM repeated r WHERE r."check" = runs."check") AS repeated,
       (SELECT count(*)::int FROM repeated r WHERE r."check" = runs."check" AND is_flaky) AS flaky,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) AS "medianMs",
       (array_agg(json_build_object('build', build, 'outcome', outcome) ORDER BY at DESC, build))[1:${LATEST_MAX}] AS latest
     FROM runs GROUP BY "check" ORDER BY "check"`,
    [lang],
  )
  return rows
}

export async function buildFigures(sql: Sql, lang: LangId, max: number): Promise<readonly BuildFigure[]> {
  const { rows } = await sql.query<{ [K in keyof BuildFigure]: BuildFigure[K] | null }>(
    `SELECT b.id AS build, b.requested_at AS at, b.outcome, image.size::float8 AS "imageBytes", (
       SELECT extract(epoch FROM max(ended_at) - min(leased_at))::float8 * 1000 FROM build_attempt WHERE build = b.id
     ) AS ms
     FROM (SELECT * FROM build WHERE lang = $1 AND outcome IS NOT NULL ORDER BY requested_at DESC LIMIT $2) b
     LEFT JOIN build_step s ON s.build = b.id AND s.step = 'image'
     LEFT JOIN artifact image ON image.digest = s.artifact
     ORDER BY b.requested_at, b.id`,
    [lang, max],
  )
  // The cast is safe: only the two have nulls.
  return rows.map((row) => ({ ...row, ms: row.ms ?? undefined, imageBytes: row.imageBytes ?? undefined }) as BuildFigure)
}

/** Every day has a row, the oldest first; days are UTC's. */
export async function dayFigures(sql: Sql, days: number): Promise<readonly DayFigure[]> {
  const { rows } = await sql.query<DayFigure>(
    `WITH ended AS (
       SELECT date_trunc('day', requested_at, 'UTC') AS day, count(*) FILTER (WHERE outcome = 'ok')::int AS ok,
         count(*) FILTER (WHERE outcome IN ('failed', 'timeout'))::int AS failed
       FROM build WHERE requested_at >= date_trunc('day', now(), 'UTC') - ($1 - 1) * interval '1 day' GROUP BY 1
     )
     SELECT day, coalesce(ok, 0) AS ok, coalesce(failed, 0) AS failed
     FROM generate_series(date_trunc('day', now(), 'UTC') - ($1 - 1) * interval '1 day', now(), interval '1 day') day
     LEFT JOIN ended USING (day) ORDER BY day`,
    [days],
  )
  return rows
}

/** At each full hour, the oldest first. Builds live for hours at most, so two more days hold all that count. */
export async function queueFigures(sql: Sql, hours: number): Promise<readonly QueueFigure[]> {
  const { rows } = await sql.query<QueueFigure>(
    `WITH near AS MATERIALIZED (
       SELECT requested_at, ended_at FROM build WHERE requested_at >= now() - ($1 + 48) * interval '1 hour'
       UNION ALL SELECT requested_at, ended_at FROM build
       WHERE outcome IS NULL AND requested_at < now() - ($1 + 48) * interval '1 hour'
     )
     SELECT at, count(near.requested_at)::int AS open
     FROM generate_series(date_trunc('hour', now()) - ($1 - 1) * interval '1 hour', now(), interval '1 hour') at
     LEFT JOIN near ON near.requested_at <= at AND (near.ended_at IS NULL OR near.ended_at > at)
     GROUP BY at ORDER BY at`,
    [hours],
  )
  return rows
}
