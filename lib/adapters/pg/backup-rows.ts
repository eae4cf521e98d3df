import pg from 'pg'

import type { BackupRows, RowsBatch, RowsRefused } from '#lib/application/ports/backup-rows.ts'
import { agentKey } from '#lib/domain/agent-release.ts'
import type { Named } from '#lib/domain/backup.ts'
import { digest } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'
import { objectKey } from '#lib/domain/object-key.ts'
import { packageKey } from '#lib/domain/package-key.ts'
import { err, type Result } from '#lib/domain/result.ts'
import type { Database, Sql } from './database.ts'

/**
 * What is kept, and in which order: a table comes after those that it refers to, and a row after the one of its own table.
 * A test compares this with the tables that there are.
 */
export const KEPT = {
  language: 'SELECT * FROM language ORDER BY id',
  config_version: 'SELECT * FROM config_version ORDER BY digest',
  artifact: 'SELECT * FROM artifact ORDER BY digest',
  artifact_input: 'SELECT * FROM artifact_input ORDER BY output, input',
  agent_release: 'SELECT * FROM agent_release ORDER BY version',
  combination: 'SELECT * FROM combination ORDER BY id',
  builder: 'SELECT * FROM builder ORDER BY name',
  build: `WITH RECURSIVE tries AS (
      SELECT id, 0 AS nth FROM build WHERE retry_of IS NULL
      UNION ALL SELECT build.id, nth + 1 FROM build JOIN tries ON build.retry_of = tries.id
    ) SELECT build.* FROM build JOIN tries USING (id) ORDER BY nth, id`,
  build_step: 'SELECT * FROM build_step ORDER BY build, step',
  build_attempt: 'SELECT * FROM build_attempt ORDER BY build, step, number',
  log_chunk: 'SELECT * FROM log_chunk ORDER BY build, step, number, seq',
  test_run: 'SELECT * FROM test_run ORDER BY build, "check"',
  deployment: 'SELECT * FROM deployment ORDER BY lang, number',
  audit_event: 'SELECT * FROM audit_event ORDER BY at, id',
} as const

/** A server that starts says who builds; that alone makes a database no less empty. */
const MAY_BE_THERE = 'builder'
/** The longest rows are chunks of logs: 256 KiB as text. */
const ROWS_AT_ONCE = 64
const BATCH_CHARS = 1024 * 1024

/** The rows by one connection of a database whose time limits are those of long work. */
export const pgBackupRows = (database: Database): BackupRows => ({
  read: (take, signal) =>
    database.transaction(async (sql) => {
      await sql.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
      for (const [table, select] of Object.entries(KEPT)) {
        await sql.query(`DECLARE kept NO SCROLL CURSOR FOR SELECT row_to_json(t)::text AS line FROM (${select}) t`)
        for await (const lines of batchesOf(sql)) {
          signal.throwIfAborted()
          await take({ table, lines })
        }
        await sql.query('CLOSE kept')
      }
      return await namedIn(sql)
    }),

  named: () => namedIn(database.sql),
  occupied: () => occupiedIn(database.sql),

  async restore<E>(batches: AsyncIterable<RowsBatch>, check: (named: Named) => Promise<Result<void, E>>) {
    try {
      return await database.transaction(async (sql): Promise<Result<void, RowsRefused | E>> => {
        await sql.query('LOCK TABLE language IN SHARE ROW EXCLUSIVE MODE') // who restores at once waits, and finds these rows
        const occupied = await occupiedIn(sql)
        if (occupied) throw new Refused<RowsRefused>({ code: 'not_empty', what: `table ${occupied}` })
        for await (const batch of batches) await insert(sql, batch)
        const checked = await check(await namedIn(sql))
        if (!checked.ok) throw new Refused(checked.error)
        return checked
      })
    } catch (error) {
      // The cast: refusals are thrown above only, with what is said there.
      if (error instanceof Refused) return err(error.why as RowsRefused | E)
      if (isOfTheRows(error)) return err({ code: 'bad_rows', why: error.message })
      throw error
    }
  },
})

/** Thrown within a transaction, so that it is rolled back. */
class Refused<E> extends Error {
  readonly why: E
  constructor(why: E) {
    super('refused')
    this.why = why
  }
}

async function* batchesOf(sql: Sql): AsyncGenerator<readonly string[]> {
  let [held, chars] = [new Array<string>(), 0]
  for (;;) {
    const { rows } = await sql.query<{ line: string }>(`FETCH ${ROWS_AT_ONCE} FROM kept`)
    for (const { line } of rows) {
      held.push(line)
      chars += line.length
    }
    if (held.length > 0 && (rows.length === 0 || chars >= BATCH_CHARS)) {
      yield held
      ;[held, chars] = [[], 0]
    }
    if (rows.length === 0) return
  }
}

/** Columns that the rows do not have get what a new row gets, so that rows from before a migration fit after it. */
async function insert(sql: Sql, { table, lines }: RowsBatch): Promise<void> {
  if (!Object.hasOwn(KEPT, table)) throw new Refused<RowsRefused>({ code: 'bad_rows', why: `there is no table ${table}` })
  const columns = columnsOf(lines[0] ?? '')
  if (!columns) throw new Refused<RowsRefused>({ code: 'bad_rows', why: `a row of ${table} is none` })
  const conflict = table === MAY_BE_THERE ? 'ON CONFLICT DO NOTHING' : ''
  await sql.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1::json) ${conflict}`,
    [`[${lines.join(',')}]`],
  )
}

function columnsOf(line: string): string | undefined {
  try {
    const names = Object.keys(JSON.parse(line) as object)
    return names.length > 0 ? names.map(pg.escapeIdentifier).join(', ') : undefined
  } catch {
    return undefined
  }
}

async function occupiedIn(sql: Sql): Promise<string | undefined> {
  const tables = Object.keys(KEPT).filter((table) => table !== MAY_BE_THERE)
  const each = tables.map((table) => `SELECT '${table}' AS name WHERE EXISTS (SELECT FROM ${table})`)
  return (await sql.query<{ name: string }>(`${each.join(' UNION ALL ')} LIMIT 1`)).rows[0]?.name
}

/** What the rows name that lies elsewhere. A key that none can be is a fault of whoever wrote the row. */
async function namedIn(sql: Sql): Promise<Named> {
  type Row = { kind: string; digest: string; lang: LangId | null; version: string | null; key: string | null }
  const { rows } = await sql.query<Row>(
    `SELECT a.kind::text, a.digest, lang, version, NULL AS key FROM artifact a LEFT JOIN agent_release r USING (digest)
     UNION ALL SELECT 'image', facts->>'image', NULL, NULL, NULL FROM artifact WHERE kind = 'agent' AND facts ? 'image'
     UNION ALL SELECT 'log', log_digest, NULL, NULL, log_object FROM build_attempt WHERE log_object IS NOT NULL
     ORDER BY 1, 2, 5`,
  )
  const images = rows.filter(({ kind }) => kind === 'base' || kind === 'image').map((row) => checked(digest(row.digest)))
  const objects = rows.flatMap(({ kind, digest: text, lang, version, key }) => {
    if (kind === 'base' || kind === 'image') return []
    const of = checked(digest(text))
    if (kind === 'agent') return version === null ? [] : [{ key: known(agentKey(version)), digest: of }]
    if (kind === 'package') return lang === null ? [] : [{ key: packageKey(lang, of), digest: of }]
    return [{ key: checked(objectKey(key ?? '')), digest: of }]
  })
  return { objects, images }
}

function checked<T>(made: Result<T, unknown>): T {
  if (!made.ok) throw new Error(`Cannot read the records: ${JSON.stringify(made.error)}`)
  return made.value
}
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Cannot read the records: an agent has no version')
  return value
}

/** PostgreSQL's classes 22, 23 and 42 without 42501: wrong data, against a constraint, or for other tables. */
function isOfTheRows(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && /^(?:22|23|42)/.test(error.code ?? '') && error.code !== '42501'
}
