import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { startEmbedded } from '#lib/adapters/postgres/embedded.ts'
import { migrate } from '#lib/adapters/postgres/migrate.ts'
import { MIGRATE_ROLE, WEB_ROLE } from '#lib/adapters/postgres/roles.ts'
import { ADMIN } from '#lib/adapters/postgres/initialise.ts'

/** A database of the bench's own, as the server has it: the same settings, the same two roles. */
export async function benchDatabase() {
  const root = mkdtempSync(join(tmpdir(), 'dragoman-bench-'))
  const database = await startEmbedded({ dataDir: join(root, 'data'), runDir: join(root, 'run') })
  const folder = resolve(import.meta.dirname, '../../../prisma/migrations')
  await migrate({ url: database.migrateUrl, folder, webRole: WEB_ROLE })
  return {
    url: database.url,
    adminUrl: database.migrateUrl.replace(MIGRATE_ROLE, ADMIN),
    async stop() {
      await database.stop()
      rmSync(root, { recursive: true, force: true })
    },
  }
}
