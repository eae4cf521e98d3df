import { join } from 'node:path'

import { pgAnnouncements } from '../adapters/pg/announcements.ts'
import { openDatabase, type Database } from '../adapters/pg/database.ts'
import { startEmbedded } from '../adapters/postgres/embedded.ts'
import { migrate } from '../adapters/postgres/migrate.ts'
import { WEB_ROLE } from '../adapters/postgres/roles.ts'
import { prismaRecords } from '../adapters/prisma/records.ts'
import { systemClock } from '../adapters/system/time.ts'
import { absentRecords } from '../application/ports/absent-records.ts'
import type { Announcements } from '../application/ports/build-logs.ts'
import { errorText, type Log } from '../application/ports/log.ts'
import type { Records } from '../application/ports/records.ts'
import type { Config } from '../config/options.ts'

/** A call to the database rejects after this; nothing a visitor waits for takes longer because of it. */
const DATABASE_MS_MAX = 2000
export const DATABASE_RETRY_MS = 5000

export type Databases = {
  readonly records: Records
  /** For builds and deployments, by plain SQL; undefined where there is no database at all. */
  readonly workshop: WorkshopDatabase | undefined
  close(): Promise<void>
}
export type WorkshopDatabase = { readonly url: string; readonly database: Database; readonly announcements: Announcements }

/** The database of the options, else one of our own; when that cannot be started, the server does without. */
export async function openDatabases(config: Config, dataDir: string, top: string, log: Log): Promise<Databases> {
  const folder = join(top, 'prisma', 'migrations')
  try {
    if (config.databaseUrl) {
      const webRole = new URL(config.databaseUrl).username
      // Servers that share a database start in any order, new beside old: there a command migrates, before any of them.
      const url = config.sandboxes === 'pods' ? undefined : config.databaseMigrateUrl
      const migrating = url ? await keepTrying(() => migrate({ url, folder, webRole }), log) : undefined
      return handles(config.databaseUrl, log, async () => migrating?.stop())
    }
    const embedded = await startEmbedded({
      dataDir: join(dataDir, 'postgres'),
      runDir: join(dataDir, 'run'),
      onLost: (why) => log.warn('database lost', { why }),
    })
    await migrate({ url: embedded.migrateUrl, folder, webRole: WEB_ROLE })
    return handles(embedded.url, log, () => embedded.stop())
  } catch (error) {
    log.error('no database', { error: errorText(error) })
    return { records: absentRecords(errorText(error)), workshop: undefined, close: async () => {} }
  }
}

function handles(url: string, log: Log, closed: () => Promise<void>): Databases {
  const records = prismaRecords({ url, timeoutMs: DATABASE_MS_MAX })
  const database = openDatabase({ url, timeoutMs: DATABASE_MS_MAX })
  const announcements = pgAnnouncements(database, { url, clock: systemClock, log })
  return {
    records,
    workshop: { url, database, announcements },
    async close() {
      await announcements.close()
      await Promise.all([records.close(), database.close()])
      await closed()
    },
  }
}

/** Once now; when that fails, again and again beside everything else until it has worked. */
async function keepTrying(work: () => Promise<unknown>, log: Log): Promise<{ stop(): void }> {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const attempt = async () => {
    try {
      await work()
    } catch (error) {
      log.warn('database not migrated', { error: errorText(error) })
      if (!stopped) timer = setTimeout(() => void attempt(), DATABASE_RETRY_MS)
    }
  }
  await attempt()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
