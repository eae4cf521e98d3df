import type { BuildRequest, Requested, RequestRefused } from '#lib/application/ports/build-queue.ts'
import { stepsFrom } from '#lib/domain/build.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { Sql } from './database.ts'
import { stopBuild } from './stop-build.ts'

/** A build with the same inputs may end between our look and our insert, each time; more often than this it does not. */
const ROUNDS_MAX = 5

export async function requestBuild(sql: Sql, request: BuildRequest): Promise<Result<Requested, RequestRefused>> {
  const { inputs, by, priority } = request
  await sql.query('INSERT INTO language (id) VALUES ($1) ON CONFLICT DO NOTHING', [inputs.lang])
  if (request.configText !== undefined) {
    const values = [inputs.config, inputs.lang, request.configText]
    await sql.query('INSERT INTO config_version (digest, lang, text) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', values)
  }
  const unknown = await unknownInput(sql, request)
  if (unknown) return err({ code: 'unknown_input', input: unknown })

  for (let round = 1; round <= ROUNDS_MAX; round++) {
    if (await insertBuild(sql, request)) {
      if (request.supersedes) await supersedeOlder(sql, request)
      await sql.query('NOTIFY dragoman_queue; NOTIFY dragoman_build')
      return ok({ build: request.id, how: 'new' })
    }
    const found = await attach(sql, request, by, priority)
    if (found) return ok(found)
  }
  throw new Error(`Cannot request a build of "${inputs.lang}": others with the same inputs come and go`)
}

async function unknownInput(sql: Sql, { inputs }: BuildRequest): Promise<RequestRefused['input'] | undefined> {
  const { rows } = await sql.query<{ input: RequestRefused['input'] }>(
    `SELECT input FROM (VALUES ('base', $1), ('package', $2), ('image', $3)) AS wanted (input, digest)
     WHERE digest IS NOT NULL AND NOT EXISTS (
       SELECT FROM artifact a WHERE a.digest = wanted.digest AND a.kind::text = input AND (a.lang IS NULL OR a.lang = $4)
     )
     UNION ALL
     SELECT 'agent' WHERE NOT EXISTS (SELECT FROM agent_release WHERE version = $5) LIMIT 1`,
    [inputs.base, inputs.package ?? null, inputs.image ?? null, inputs.lang, inputs.agent],
  )
  return rows[0]?.input
}

/** None when one with the same inputs is there, or its retry is, or this very one (its first answer was lost). */
async function insertBuild(sql: Sql, { id, inputs, inputsHash, priority, by, retryOf, timeoutsMs }: BuildRequest) {
  const { rowCount } = await sql.query(
    `INSERT INTO build (id, lang, config, from_step, inputs, inputs_hash, priority, requested_by, retry_of)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
    [id, inputs.lang, inputs.config, inputs.from, inputs, inputsHash, priority, by, retryOf ?? null],
  )
  if (!rowCount) return false
  const steps = stepsFrom(inputs.from)
  await sql.query(
    `INSERT INTO build_step (build, step, state, ready_at, priority, timeout_ms)
     SELECT $1, step, CASE WHEN step = $2 THEN 'ready' ELSE 'blocked' END::step_state, CASE WHEN step = $2 THEN now() END, $3, ms
     FROM unnest($4::step[], $5::int[]) AS wanted (step, ms)`,
    [id, inputs.from, priority, steps, steps.map((step) => timeoutsMs[step])],
  )
  return true
}

async function attach(sql: Sql, request: BuildRequest, by: string, priority: number): Promise<Requested | undefined> {
  const { rows } = await sql.query<{ id: BuildId; outcome: string | null }>(
    `UPDATE build SET priority = greatest(priority, $2), shared = shared OR requested_by <> $3
     WHERE id = (
       SELECT id FROM build
       WHERE (inputs_hash = $1 AND (outcome IS NULL AND stop_as IS NULL OR outcome = 'ok')) OR retry_of = $4 OR id = $5
       ORDER BY outcome IS NULL DESC LIMIT 1
     )
     RETURNING id, outcome`,
    [request.inputsHash, priority, by, request.retryOf ?? null, request.id],
  )
  const found = rows[0]
  if (!found) return undefined
  if (found.id === request.id) return { build: found.id, how: 'new' }
  await sql.query('UPDATE build_step SET priority = $2 WHERE build = $1 AND priority < $2 AND outcome IS NULL', [
    found.id,
    priority,
  ])
  return { build: found.id, how: found.outcome === null ? 'attached' : 'done' }
}

async function supersedeOlder(sql: Sql, { id, inputs, by }: BuildRequest): Promise<void> {
  const { rows } = await sql.query<{ id: BuildId }>(
    `SELECT id FROM build WHERE lang = $1 AND requested_by = $2 AND outcome IS NULL AND NOT shared AND id <> $3
     ORDER BY id FOR UPDATE`,
    [inputs.lang, by, id],
  )
  for (const older of rows) await stopBuild(sql, older.id, { as: 'superseded', by: id })
}
