import type { BuildDetail, BuildOverview, Overviews } from '#lib/application/ports/overviews.ts'
import type { BuildInputs } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import type { Sql } from '../database.ts'
import { BUILD_COLUMNS, type BuildRow, type Nullable, overviewOf } from '../build-row.ts'

/** The keys of a page's last row, so that the next page is found down the same index however deep it lies. */
export async function findBuilds(
  sql: Sql,
  ...[{ lang, state, below }, max, only]: Parameters<Overviews['builds']>
): Promise<readonly BuildOverview[]> {
  const { rows } = await sql.query<BuildRow>(
    `SELECT ${BUILD_COLUMNS} FROM build b
     WHERE ($1::text IS NULL OR b.lang = $1)
       AND ($2::text IS NULL OR CASE WHEN $2 = 'open' THEN b.outcome IS NULL ELSE b.outcome::text = $2 END)
       AND ($3::timestamptz IS NULL OR (b.requested_at, b.id) < ($3, $4::bpchar))
       AND ($5::bpchar[] IS NULL OR b.id = ANY ($5))
     ORDER BY b.requested_at DESC, b.id DESC LIMIT $6`,
    [lang ?? null, state ?? null, below?.at ?? null, below?.id ?? null, only ?? null, max],
  )
  return rows.map(overviewOf)
}

type DetailRow = BuildRow & {
  readonly inputs: Partial<BuildInputs>
  readonly config: Digest
  readonly retry_of: BuildId | null
  readonly retried_by: BuildId | null
  readonly tested: Digest | null
  readonly results: BuildDetail['results'] | null
  readonly made: BuildDetail['made'] | null
}
type AttemptRow = Nullable<BuildDetail['attempts'][number]>

export async function findBuildDetail(sql: Sql, id: BuildId): Promise<BuildDetail | undefined> {
  const found = sql.query<DetailRow>(
    `SELECT ${BUILD_COLUMNS}, b.inputs, b.config, b.retry_of, (SELECT id FROM build WHERE retry_of = b.id) AS retried_by,
       (SELECT combination FROM test_run WHERE build = b.id LIMIT 1) AS tested,
       (SELECT json_agg(json_strip_nulls(json_build_object('check', "check", 'outcome', outcome, 'ms', ms, 'why', why)) ORDER BY "check")
        FROM test_run WHERE build = b.id) AS results,
       (SELECT json_agg(json_build_object('step', s.step, 'digest', a.digest, 'bytes', a.size) ORDER BY s.step)
        FROM build_step s JOIN artifact a ON a.digest = s.artifact WHERE s.build = b.id) AS made
     FROM build b WHERE b.id = $1`,
    [id],
  )
  const attempts = sql.query<AttemptRow>(
    `SELECT step, number, builder, leased_at AS "leasedAt", ended_at AS "endedAt", outcome, reason, log_bytes::float8 AS "logBytes"
     FROM build_attempt WHERE build = $1 ORDER BY step, number`,
    [id],
  )
  const [row] = (await found).rows
  const tries = (await attempts).rows
  if (!row) return undefined
  return {
    ...overviewOf(row),
    inputs: row.inputs,
    config: row.config,
    retryOf: row.retry_of ?? undefined,
    retriedBy: row.retried_by ?? undefined,
    tested: row.tested ?? undefined,
    results: row.results ?? [],
    made: row.made ?? [],
    attempts: tries.map((each) => ({
      ...each,
      endedAt: each.endedAt ?? undefined,
      outcome: each.outcome ?? undefined,
      reason: each.reason ?? undefined,
    })),
  }
}
