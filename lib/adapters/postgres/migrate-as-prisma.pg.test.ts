import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { withClient } from './client.ts'
import { MIGRATIONS, migratedDatabase } from './world.contract.ts'

const SCHEMA = resolve(MIGRATIONS, '../schema.prisma')
const files = [{ path: SCHEMA, content: readFileSync(SCHEMA, 'utf8') }]
const filters = { externalTables: [], externalEnums: [] }

let database: Awaited<ReturnType<typeof migratedDatabase>>
let engine: engineModule.SchemaEngine
beforeAll(async () => {
  database = await migratedDatabase()
  engine = await prismaEngine(database.migrateUrl)
})
afterAll(async () => {
  engine.free()
  await database.end()
})

test("Prisma's own engine finds our books in order and nothing left to apply", async () => {
  const history = await engine.diagnoseMigrationHistory({ migrationsList, filters, optInToShadowDatabase: false })
  expect(history).toMatchObject({ editedMigrationNames: [], failedMigrationNames: [], hasMigrationsTable: true, history: null })
  expect(await engine.applyMigrations({ migrationsList, filters })).toEqual({ appliedMigrationNames: [] })
})

test("the migrations' tables are those that Prisma makes of the schema", async () => {
  const to = { tag: 'schemaDatamodel' as const, files }
  const made = await engine.diff({ from: { tag: 'empty' }, to, filters, script: true, exitCode: null })
  expect(made.stdout).toContain('CREATE TABLE "session"')

  await withClient(database.migrateUrl, async (client) => {
    const migrated = await shape(client, 'public')
    await client.query('BEGIN')
    await client.query('ALTER SCHEMA public RENAME TO migrated; CREATE SCHEMA public')
    await client.query(made.stdout ?? '')
    const fromSchema = await shape(client, 'public')
    await client.query('ROLLBACK')
    expect(migrated).toEqual(fromSchema)
  })
})

/** Columns and indexes of a schema's tables, the books left out. Checks are ours alone; Prisma's schema cannot say them. */
async function shape(client: Client, schema: string) {
  const columns = await client.query<object>(
    `SELECT table_name, column_name, data_type, character_maximum_length, datetime_precision, is_nullable, column_default
     FROM information_schema.columns WHERE table_schema = $1 AND table_name <> '_prisma_migrations' ORDER BY 1, 2`,
    [schema],
  )
  const indexes = await client.query<object>(
    `SELECT indexdef FROM pg_indexes WHERE schemaname = $1 AND tablename <> '_prisma_migrations' ORDER BY 1`,
    [schema],
  )
  return { columns: columns.rows, indexes: indexes.rows }
}

const migrationsList = {
  baseDir: MIGRATIONS,
  lockfile: { path: 'migration_lock.toml', content: readFileSync(join(MIGRATIONS, 'migration_lock.toml'), 'utf8') },
  shadowDbInitScript: '',
  migrationDirectories: readdirSync(MIGRATIONS)
    .filter((name) => name !== 'migration_lock.toml')
    .map((path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: readFileSync(join(MIGRATIONS, path, 'migration.sql'), 'utf8') },
      },
    })),
}

const SET = '__wbg_set_wasm'

/** What `prisma migrate` runs, as WebAssembly: the native one comes from a host that many networks do not reach. */
async function prismaEngine(url: string) {
  const wasm = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg')).replace('.js', '.wasm')
  const glue = engineModule as unknown as WebAssembly.ModuleImports & { [SET](exports: WebAssembly.Exports): void }
  const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { './schema_engine_bg.js': glue })
  glue[SET](instance.exports)
  ;(instance.exports['__wbindgen_start'] as () => void)()
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(url))
  const datamodels = files.map(({ path, content }): [string, string] => [path, content])
  return engineModule.SchemaEngine.new({ datamodels }, () => undefined, adapter)
}
