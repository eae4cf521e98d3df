import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { Client } from 'pg'

import { withClient } from '#lib/adapters/postgres/client.ts'
import { ADMIN } from '#lib/adapters/postgres/initialise.ts'
import { migrate } from '#lib/adapters/postgres/migrate.ts'
import { DATABASE, MIGRATE_ROLE, WEB_ROLE } from '#lib/adapters/postgres/roles.ts'
import { testWorld } from './world.ts'

const MIGRATIONS = resolve(import.meta.dirname, '../../prisma/migrations')

const PREFIX = 'test_'

export type OwnDatabase = AsyncDisposable & {
  /** As the server: rows only. Any process of this machine's user may use it. */
  readonly url: string
  /** As the owner of the tables. */
  readonly migrateUrl: string
  end(): Promise<void>
}

/** A copy of the world's database with the newest tables: what was deployed there is deployed here, and nobody else sees what changes. */
export async function ownDatabase(): Promise<OwnDatabase> {
  const name = `${PREFIX}${randomBytes(4).toString('hex')}`
  await asAdmin((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${DATABASE} OWNER ${MIGRATE_ROLE}`))
  const [url, migrateUrl] = [urlOf(WEB_ROLE, name), urlOf(MIGRATE_ROLE, name)]
  await migrate({ url: migrateUrl, folder: MIGRATIONS, webRole: WEB_ROLE })
  const drop = () => asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  let ended: Promise<unknown> | undefined
  const end = async () => void (await (ended ??= drop()))
  return { url, migrateUrl, end, [Symbol.asyncDispose]: end }
}

/** Those that nobody ended. */
export const leftDatabases = () =>
  asAdmin(async (client) => {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database')
    return rows.flatMap(({ datname }) => (datname.startsWith(PREFIX) ? [`database ${datname}`] : []))
  })

const urlOf = (role: string, database: string) =>
  `postgresql://${role}@localhost/${database}?host=${encodeURIComponent(testWorld().databaseFolder)}`
const asAdmin = <T>(use: (client: Client) => Promise<T>) => withClient(urlOf(ADMIN, 'postgres'), use)
