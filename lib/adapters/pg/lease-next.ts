import type { Leased } from '#lib/application/ports/build-queue.ts'
import type { BuildInputs, Step } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import type { Database, Sql } from './database.ts'

type Row = {
  readonly build: BuildId
  readonly step: Step
  readonly number: number
  readonly timeout_ms: number
  readonly inputs: BuildInputs
  readonly made: Partial<Record<'package' | 'image', Digest>> | null
}

/** Whoever looks often writes nothing while there is nothing to do. */
export async function leaseNext(database: Database, builder: string, slots: number): Promise<Leased | undefined> {
  if (!(await somethingIsReady(database.sql))) return undefined
  return database.transaction(async (sql) => {
    // The row's lock makes this builder's leases one after the other, so that the count below holds.
    await sql.query(
      `INSERT INTO builder (name, slots) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, seen_at = now()`,
      [builder, slots],
    )
    const row = await lease(sql, builder, slots)
    if (!row) return undefined
    await sql.query('NOTIFY dragoman_build')
    const { build, step, number, inputs, timeout_ms: timeoutMs } = row
    const { package: pkg = inputs.package, image = inputs.image } = row.made ?? {}
    return { build, step, number, inputs, timeoutMs, made: { ...(pkg && { package: pkg }), ...(image && { image }) } }
  })
}

async function somethingIsReady(sql: Sql): Promise<boolean> {
  const { rowCount } = await sql.query(`SELECT FROM build_step WHERE state = 'ready' AND ready_at <= now() LIMIT 1`)
  return Boolean(rowCount)
}

async function lease(sql: Sql, builder: string, slots: number): Promise<Row | undefined> {
  const { rows } = await sql.query<Row>(
    `WITH next AS (
       SELECT build, step FROM build_step
       WHERE state = 'ready' AND ready_at <= now()
         AND (SELECT count(*) FROM build_attempt WHERE builder = $1 AND ended_at IS NULL) < $2
       ORDER BY priority DESC, ready_at, build FOR UPDATE SKIP LOCKED LIMIT 1
     ), leased AS (
       UPDATE build_step s SET state = 'running', attempts = attempts + 1 FROM next
       WHERE s.build = next.build AND s.step = next.step
       RETURNING s.build, s.step, s.attempts AS number, s.timeout_ms
     ), attempt AS (
       INSERT INTO build_attempt (build, step, number, builder) SELECT build, step, number, $1 FROM leased
     )
     SELECT leased.*, build.inputs, (
       SELECT json_object_agg(done.step, done.artifact) FROM build_step done WHERE done.build = leased.build AND done.artifact IS NOT NULL
     ) AS made
     FROM leased JOIN build ON build.id = leased.build`,
    [builder, slots],
  )
  return rows[0]
}
