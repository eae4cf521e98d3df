import { seedBuilds } from '#lib/application/testing/builds.ts'
import { withClient } from '../postgres/client.ts'
import { migratedDatabase } from '../postgres/world.contract.ts'
import { pgArtifacts } from './artifacts.ts'
import { type Database, openDatabase } from './database.ts'

const TIMEOUT_MS = 10_000

/** A database of its own with what every build stands on, and a way round the adapters. */
export async function workshopDatabase() {
  const postgres = await migratedDatabase()
  const database: Database = openDatabase({ url: postgres.url, timeoutMs: TIMEOUT_MS })
  await seedBuilds(pgArtifacts(database))
  return {
    ...postgres,
    database,
    /** As the owner of the tables. */
    query: <Row extends object>(sql: string, values: readonly unknown[] = []) =>
      withClient(postgres.migrateUrl, async (client) => (await client.query<Row>(sql, [...values])).rows),
    async end() {
      await database.close()
      await postgres.end()
    },
  }
}
