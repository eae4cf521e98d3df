import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { migrate as applyAll, missingMigrations } from '#lib/adapters/postgres/migrate.ts'

import { TOP } from './languages.ts'
import type { Options } from './options.ts'
import { jsonResult, note, result, visibleLine } from './print.ts'
import { workshopConfig } from './workshop.ts'

/** A database that is just being started, or somebody else's migration, has so long. */
const WAIT_MS_MAX = 5 * 60_000
const RETRY_MS = 2000

/** Applies migrations once, before servers of this version start; or waits, as the servers' own role, until it was done. */
export async function migrate({ names, json }: Options, signal: AbortSignal): Promise<number> {
  const { databaseUrl, databaseMigrateUrl } = workshopConfig()
  const folder = join(TOP, 'prisma', 'migrations')
  if (!databaseUrl) return refused('DATABASE_URL is not set: it says who is to read and write rows')
  if (names[0] === 'wait') {
    await patiently(async () => {
      const missing = await missingMigrations({ url: databaseUrl, folder })
      if (missing.length > 0) throw new Error(`Not migrated yet: ${missing.join(', ')}`)
    }, signal)
    return told([], json)
  }
  if (!databaseMigrateUrl) return refused('DATABASE_MIGRATE_URL is not set: it names the role that owns the tables')
  const webRole = decodeURIComponent(new URL(databaseUrl).username)
  return told(await patiently(() => applyAll({ url: databaseMigrateUrl, folder, webRole }), signal), json)
}

async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + WAIT_MS_MAX
  for (;;) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      if (performance.now() > deadline || isOurs(error)) throw error
      note(visibleLine(error instanceof Error ? error.message : String(error)))
    }
    await setTimeout(RETRY_MS, undefined, { signal })
  }
}

/** A migration that failed, or was edited: waiting mends neither. */
const isOurs = (error: unknown) => error instanceof Error && error.message.startsWith('Cannot migrate')

function told(applied: readonly string[], json: boolean): number {
  if (json) jsonResult({ ok: true, applied })
  else result(applied.length === 0 ? 'up to date' : applied.map((name) => `applied ${name}`).join('\n'))
  return 0
}

function refused(why: string): number {
  note(`dragoman: ${why}`)
  return 2
}
