import type { BuildQueue, BuildStatus, StepStatus } from '#lib/application/ports/build-queue.ts'
import type { BuildInputs, Outcome, Step } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import type { Sql } from './database.ts'

type Nullable<T> = {
  readonly [K in keyof T]: T[K] extends infer V ? (undefined extends V ? Exclude<V, undefined> | null : V) : never
}
type Row = {
  readonly id: BuildId
  readonly lang: LangId
  readonly config: Digest
  readonly from_step: Step
  readonly inputs: BuildInputs
  readonly requested_by: string
  readonly requested_at: Date
  readonly ended_at: Date | null
  readonly outcome: Outcome | null
  readonly reason: string | null
  readonly steps: readonly Nullable<StepStatus>[]
}

const COLUMNS = `b.id, b.lang, b.config, b.from_step, b.inputs, b.requested_by, b.requested_at, b.ended_at, b.outcome, b.reason, (
    SELECT json_agg(json_build_object('step', s.step, 'state', s.state, 'attempts', s.attempts, 'outcome', s.outcome,
      'artifact', s.artifact, 'skipped', s.skipped) ORDER BY s.step)
    FROM build_step s WHERE s.build = b.id
  ) AS steps`

export async function findBuild(sql: Sql, build: BuildId): Promise<BuildStatus | undefined> {
  const { rows } = await sql.query<Row>(`SELECT ${COLUMNS} FROM build b WHERE b.id = $1`, [build])
  return rows.map(status)[0]
}

export async function listBuilds(sql: Sql, { lang, live, max }: Parameters<BuildQueue['list']>[0]): Promise<BuildStatus[]> {
  const { rows } = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM build b
     WHERE ($1::text IS NULL OR b.lang = $1) ${live ? 'AND b.outcome IS NULL' : ''} ORDER BY b.requested_at DESC, b.id LIMIT $2`,
    [lang ?? null, max],
  )
  return rows.map(status)
}

function status(row: Row): BuildStatus {
  return {
    id: row.id,
    lang: row.lang,
    config: row.config,
    from: row.from_step,
    inputs: row.inputs,
    by: row.requested_by,
    requestedAt: row.requested_at,
    endedAt: row.ended_at ?? undefined,
    outcome: row.outcome ?? undefined,
    reason: row.reason ?? undefined,
    steps: row.steps.map((step) => ({ ...step, outcome: step.outcome ?? undefined, artifact: step.artifact ?? undefined })),
  }
}
