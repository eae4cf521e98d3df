import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { withClient } from './client.ts'
import type { Embedded } from './embedded.ts'
import { migrate as migrateWith, missingMigrations } from './migrate.ts'
import { DATABASE, MIGRATE_ROLE, WEB_ROLE } from './roles.ts'
import { databaseFolder, MIGRATIONS } from './world.contract.ts'

const folder = databaseFolder()
let database: Embedded
let made = 0

beforeAll(async () => {
  database = await folder.start()
})
afterAll(async () => {
  await database.stop()
  folder.end()
})

/** An empty schema is too little (the books have a fixed name), so each test has a database of its own. */
async function world() {
  const name = `world_${++made}`
  const admin = database.migrateUrl.replace(MIGRATE_ROLE, 'dragoman_admin')
  await withClient(admin, (client) => client.query(`CREATE DATABASE ${name} OWNER ${MIGRATE_ROLE}`))
  const url = database.migrateUrl.replace(`/${DATABASE}?`, `/${name}?`)
  const migrations = join(folder.root, name)
  cpSync(MIGRATIONS, migrations, { recursive: true })
  return {
    url,
    folder: migrations,
    webUrl: database.url.replace(`/${DATABASE}?`, `/${name}?`),
    write(migration: string, sql: string) {
      mkdirSync(join(migrations, migration), { recursive: true })
      writeFileSync(join(migrations, migration, 'migration.sql'), sql)
    },
    migrate: () => migrateWith({ url, folder: migrations, webRole: WEB_ROLE }),
    query: (sql: string) => withClient(url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows),
  }
}

/** PostgreSQL's code. */
const INSUFFICIENT_PRIVILEGE = '42501'
const ALL = readdirSync(MIGRATIONS).filter((name) => /^\d{4}_/.test(name))

test('migrations are applied once, however many replicas start', async () => {
  const { migrate } = await world()
  const applied = await Promise.all([migrate(), migrate(), migrate()])
  expect(applied.flat()).toEqual(ALL)
  expect(await migrate()).toEqual([])
})

test('a server waits, as the role that reads and writes rows, until every migration it knows is applied', async () => {
  const { write, migrate, webUrl, folder: migrations } = await world()
  const missing = () => missingMigrations({ url: webUrl, folder: migrations })
  await expect(missing()).rejects.toThrow('_prisma_migrations')
  await migrate()
  expect(await missing()).toEqual([])
  write('9000_newer', 'SELECT 1')
  expect(await missing()).toEqual(['9000_newer'])
})

test('fault 9: a failed migration leaves nothing, is booked, and refuses the next start', async () => {
  const { write, migrate, query } = await world()
  write('9000_bad', 'CREATE TABLE half (n int); SELECT 1/0;')
  await expect(migrate()).rejects.toThrow('"9000_bad" failed')
  expect(await query(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }])
  expect(await query('SELECT logs FROM _prisma_migrations WHERE finished_at IS NULL')).toEqual([
    { logs: expect.stringContaining('division by zero') },
  ])

  write('9000_bad', 'SELECT 1')
  await expect(migrate()).rejects.toThrow('"9000_bad" failed before')
  await query(`UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL`) // prisma migrate resolve
  expect(await migrate()).toEqual(['9000_bad'])
})

test('fault 9: a migration whose connection is lost halfway leaves nothing, and the next start goes on from there', async () => {
  const { write, migrate, query, webUrl } = await world()
  await migrate()
  write('9000_first', 'CREATE TABLE first_half (n int); INSERT INTO first_half VALUES (1)')
  write('9001_second', 'CREATE TABLE second_half (n int); SELECT pg_sleep(60)')
  const migrating = migrate().catch((error: unknown) => error)
  const kill = `SELECT count(pg_terminate_backend(pid))::int AS killed FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`
  await expect.poll(() => query(kill)).toEqual([{ killed: 1 }])
  expect(await migrating).toBeInstanceOf(Error)
  // What was done stands, and code that knows nothing of it works beside it.
  expect(await query(`SELECT (SELECT count(*)::int FROM first_half) AS done, to_regclass('second_half') AS half`)).toEqual([
    { done: 1, half: null },
  ])
  await withClient(webUrl, (web) => web.query(`INSERT INTO pool_member (sandbox, key) VALUES ('sb1', 'k')`))

  write('9001_second', 'CREATE TABLE second_half (n int)')
  expect(await migrate()).toEqual(['9001_second'])
})

test('a migration that was edited after it was applied is refused', async () => {
  const { write, migrate } = await world()
  write('9000_more', 'SELECT 1')
  await migrate()
  write('9000_more', 'SELECT 2')
  await expect(migrate()).rejects.toThrow('"9000_more" was edited')
})

test('fault 9: a newer migration in the database is left alone, so an older replica may run beside it', async () => {
  const { write, migrate, url } = await world()
  write('9000_newer', 'SELECT 1')
  await migrate()
  expect(await migrateWith({ url, folder: MIGRATIONS, webRole: WEB_ROLE })).toEqual([])
})

test('fault 9: the web role reads and writes rows and can do nothing else', async () => {
  const { migrate, webUrl } = await world()
  await migrate()
  await withClient(webUrl, async (web) => {
    await web.query(`INSERT INTO pool_member (sandbox, key) VALUES ('sb1', 'k')`)
    await web.query(`UPDATE pool_member SET key = 'l'`)
    expect((await web.query('SELECT key FROM pool_member')).rows).toEqual([{ key: 'l' }])
    await web.query('DELETE FROM pool_member')

    const tries = [
      'CREATE TABLE mine (n int)',
      'CREATE SCHEMA mine',
      'ALTER TABLE session ADD COLUMN mine int',
      'DROP TABLE session',
      'TRUNCATE session',
      'SELECT * FROM _prisma_migrations',
      'CREATE ROLE mine',
      `COPY session TO PROGRAM 'true'`,
    ]
    for (const sql of tries) {
      await expect(web.query(sql), sql).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE })
    }
  })
  await withClient(database.url, async (web) => {
    await expect(web.query('CREATE TEMP TABLE mine (n int)')).rejects.toThrow('permission denied to create temporary tables')
  })
})
