import type { BuildQueue, BuildStatus } from '#lib/application/ports/build-queue.ts'
import type { BuildInputs } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { BUILD_COLUMNS, type BuildRow, overviewOf } from './build-row.ts'
import type { Sql } from './database.ts'

type Row = BuildRow & { readonly config: Digest; readonly inputs: BuildInputs }

const COLUMNS = `${BUILD_COLUMNS}, b.config, b.inputs`

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

const status = (row: Row): BuildStatus => ({ ...overviewOf(row), config: row.config, inputs: row.inputs })
