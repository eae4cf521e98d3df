import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'

import { withClient } from '#lib/adapters/postgres/client.ts'
import { ADMIN } from '#lib/adapters/postgres/initialise.ts'
import { migrate } from '#lib/adapters/postgres/migrate.ts'
import { DATABASE, MIGRATE_ROLE, WEB_ROLE } from '#lib/adapters/postgres/roles.ts'
import { testWorld } from './world.ts'

const MIGRATIONS = resolve(import.meta.dirname, '../../prisma/migrations')

export type OwnDatabase = AsyncDisposable & {
  /** As the server: rows only. Any process of this machine's user may use it. */
  readonly url: string
  /** As the owner of the tables. */
  readonly migrateUrl: string
  end(): Promise<void>
}

/** A copy of the world's database with the newest tables: what was deployed there is deployed here, and nobody else sees what changes. */
export async function ownDatabase(): Promise<OwnDatabase> {
  const folder = testWorld().databaseFolder
  const name = `test_${randomBytes(4).toString('hex')}`
  const url = (role: string, database = name) => `postgresql://${role}@localhost/${database}?host=${encodeURIComponent(folder)}`
  const asAdmin = (sql: string) => withClient(url(ADMIN, 'postgres'), (client) => client.query(sql))
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${DATABASE} OWNER ${MIGRATE_ROLE}`)
  await migrate({ url: url(MIGRATE_ROLE), folder: MIGRATIONS, webRole: WEB_ROLE })
  let ended: Promise<unknown> | undefined
  const end = async () => void (await (ended ??= asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)))
  return { url: url(WEB_ROLE), migrateUrl: url(MIGRATE_ROLE), end, [Symbol.asyncDispose]: end }
}
