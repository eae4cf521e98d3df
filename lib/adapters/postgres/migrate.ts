import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, escapeIdentifier } from 'pg'

import { withClient } from './client.ts'

/** Prisma's own key, so that its tools and we never migrate at once. */
const LOCK_KEY = 72_707_369
/** Longest wait for another replica's migration, and for the locks of one of ours. */
const LOCK_MS_MAX = 60_000

const BOOKS = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

export type Migrations = {
  /** As the owner of the tables. */
  readonly url: string
  /** `prisma/migrations`. */
  readonly folder: string
  /** Who gets the right to read and write rows. */
  readonly webRole: string
}

/**
 * Brings the database to the newest migration, each in a transaction of its own, and keeps the same books as
 * `prisma migrate deploy`. Answers the names applied now. A migration that failed or was edited since is refused.
 */
export async function migrate({ url, folder, webRole }: Migrations): Promise<string[]> {
  return withClient(url, async (client) => {
    await client.query(`SET lock_timeout = ${LOCK_MS_MAX}`)
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]) // freed with the connection
    await client.query(BOOKS)
    const done = await booked(client)
    const applied: string[] = []
    for (const migration of migrationsIn(folder)) {
      const checksum = done.get(migration.name)
      if (checksum === migration.checksum) continue
      if (checksum) throw new Error(`Cannot migrate: "${migration.name}" was edited after it was applied`)
      await apply(client, migration)
      applied.push(migration.name)
    }
    await grantRows(client, webRole)
    return applied
  })
}

/** Names of what is not applied yet, as the role that reads and writes rows sees it. Rejects while there are no books. */
export async function missingMigrations({ url, folder }: Pick<Migrations, 'url' | 'folder'>): Promise<string[]> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ migration_name: string }>(
      'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    ),
  )
  const done = new Set(rows.map((row) => row.migration_name))
  return migrationsIn(folder).flatMap(({ name }) => (done.has(name) ? [] : [name]))
}

type Migration = { readonly name: string; readonly sql: string; readonly checksum: string }

function migrationsIn(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'migration.sql')))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

/** Checksums of what was applied, by name. */
async function booked(client: Client): Promise<Map<string, string>> {
  type Row = { migration_name: string; checksum: string; finished_at: Date | null }
  const { rows } = await client.query<Row>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  )
  const failed = rows.find((row) => row.finished_at === null)
  if (failed) throw new Error(`Cannot migrate: "${failed.migration_name}" failed before; see its logs in _prisma_migrations`)
  return new Map(rows.map((row) => [row.migration_name, row.checksum]))
}

/** The row and the change are one transaction, so a lost connection leaves neither. A fault in the script is booked. */
async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  const columns = '(id, checksum, migration_name, finished_at, applied_steps_count, logs)'
  const book = `INSERT INTO _prisma_migrations ${columns} VALUES ($1, $2, $3, $4, $5, $6)`
  try {
    await client.query('BEGIN')
    await client.query(sql)
    await client.query(book, [randomUUID(), checksum, name, new Date(), 1, null])
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    await client.query(book, [randomUUID(), checksum, name, null, 0, String(error)])
    throw new Error(`Cannot migrate: "${name}" failed`, { cause: error })
  }
}

/** Every table's rows but the books; nothing else. Repeated at each start, so a table that came anew is among them. */
async function grantRows(client: Client, webRole: string): Promise<void> {
  const { rows } = await client.query<{ own: boolean }>('SELECT current_user = $1 AS own', [webRole])
  if (rows[0]?.own) return
  const role = escapeIdentifier(webRole)
  await client.query(`GRANT USAGE ON SCHEMA public TO ${role}`)
  await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`)
  await client.query(`REVOKE ALL ON _prisma_migrations FROM ${role}`)
  // So that a server may wait for its tables.
  await client.query(`GRANT SELECT (migration_name, finished_at, rolled_back_at) ON _prisma_migrations TO ${role}`)
}
