import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'

import { type EmbeddedOptions, startEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'
import { processesIn } from './processes.ts'
import { WEB_ROLE } from './roles.ts'

export const MIGRATIONS = resolve(import.meta.dirname, '../../../prisma/migrations')

/** A folder for databases of one test file. `end` proves that none of them still runs. */
export function databaseFolder(deep = '') {
  const root = mkdtempSync(join(tmpdir(), 'dragoman-pg-'))
  const dataDir = join(root, deep, 'data')
  const paths = { dataDir, runDir: join(root, deep, 'run') }
  return {
    root,
    ...paths,
    start: (options: Partial<EmbeddedOptions> = {}) => startEmbedded({ ...paths, ...options }),
    end() {
      expect(processesIn(dataDir)).toEqual([])
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** An embedded database with the newest tables. */
export async function migratedDatabase() {
  const folder = databaseFolder()
  const database = await folder.start()
  await migrate({ url: database.migrateUrl, folder: MIGRATIONS, webRole: WEB_ROLE })
  const end = async () => {
    await database.stop()
    folder.end()
  }
  return { ...database, dataDir: folder.dataDir, restart: () => folder.start(), end }
}
