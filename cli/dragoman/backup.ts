import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { writeAgentsIndex } from '#lib/application/agents/list-agents.ts'
import { makeBackup } from '#lib/application/backups/make-backup.ts'
import { missingThings } from '#lib/application/backups/missing-things.ts'
import { restoreBackup, type RestoreRefused } from '#lib/application/backups/restore-backup.ts'
import { pgBackupRows } from '#lib/adapters/pg/backup-rows.ts'
import { openDatabase } from '#lib/adapters/pg/database.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { tarSealedFiles } from '#lib/adapters/tar/sealed-files.ts'
import type { BackupRows } from '#lib/application/ports/backup-rows.ts'
import type { BackupContents } from '#lib/domain/backup.ts'
import { openStores, type Stores } from '#lib/stores.ts'

import { TOP } from './languages.ts'
import type { Options } from './options.ts'
import { jsonResult, note, result } from './print.ts'
import { type Workshop, withWorkshop } from './workshop.ts'

const MIB = 1024 ** 2
/** A transaction waits this long for a store in its middle; a statement, or a lock, is never at work for so long. */
const TIMEOUT_MS = 30 * 60_000
/** Of many things that are missing a person wants to see some. */
const THINGS_SHOWN = 20

/** Writes everything to one file. What was missing is told, and makes the status 1; the file is whole all the same. */
export function backup({ names: [name = ''], json }: Options, signal: AbortSignal): Promise<number> {
  return withEverything(async (everything) => {
    const done = await makeBackup({ ...everything, clock: systemClock }, resolve(name), { migrations: migrations(), signal })
    if (!done.ok) return refuse(`there is no room for ${name}`, { ...done.error, file: name }, json)
    const { size, contents } = done.value
    if (json) jsonResult({ ok: contents.missing.length === 0, file: name, size, ...contents })
    else {
      result(`${name}: ${(size / MIB).toFixed(1)} MiB, ${words(contents)}`)
      tellMissing(contents.missing)
    }
    return contents.missing.length === 0 ? 0 : 1
  })
}

/** Brings everything back to where there is nothing. */
export function restore({ names: [name = ''], json }: Options, signal: AbortSignal): Promise<number> {
  return withEverything(async (everything) => {
    const done = await restoreBackup(everything, resolve(name), { migrations: migrations(), signal })
    if (!done.ok) return refuse(`${name}: ${sentence(done.error)}`, { file: name, ...done.error }, json)
    const { workshop, objects } = everything
    await writeAgentsIndex({ ...workshop, objects })
    const { missing } = done.value
    if (json) jsonResult({ ok: missing.length === 0, file: name, ...done.value })
    else {
      result(`${name}: restored, ${words(done.value)}`)
      tellMissing(missing)
    }
    return missing.length === 0 ? 0 : 1
  })
}

/** Whether every digest in the rows is there. */
export function verify({ json }: Options, signal: AbortSignal): Promise<number> {
  return withEverything(async ({ rows, objects, images }) => {
    const named = await rows.named()
    const missing = await missingThings({ objects, images }, named, signal)
    const counts = { objects: named.objects.length, images: named.images.length }
    if (json) jsonResult({ ok: missing.length === 0, ...counts, missing })
    else {
      result(`${counts.objects} objects and ${counts.images} images are named, ${missing.length} of them missing`)
      tellMissing(missing)
    }
    return missing.length === 0 ? 0 : 1
  })
}

type Everything = Pick<Stores, 'objects' | 'images'> & {
  readonly rows: BackupRows
  readonly files: ReturnType<typeof tarSealedFiles>
  readonly workshop: Workshop
}

function withEverything(use: (everything: Everything) => Promise<number>): Promise<number> {
  return withWorkshop(async (workshop) => {
    const { objects, images, close } = await openStores(workshop.config, systemClock)
    const database = openDatabase({ url: workshop.url, timeoutMs: TIMEOUT_MS, connections: 2 })
    try {
      return await use({ rows: pgBackupRows(database), objects, images, files: tarSealedFiles(), workshop })
    } finally {
      await database.close()
      close()
    }
  })
}

const migrations = () =>
  readdirSync(join(TOP, 'prisma', 'migrations'), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? entry.name : []))
    .sort()

function refuse(words: string, error: object, json: boolean): number {
  if (json) jsonResult({ ok: false, ...error })
  else note(`dragoman: ${words}`)
  return 1
}

function sentence(refused: RestoreRefused): string {
  switch (refused.code) {
    case 'not_found':
      return 'there is no such file'
    case 'bad_backup':
      return `this is no whole backup: ${refused.why}`
    case 'other_format':
      return `this backup is of format ${refused.format}, which this version does not read`
    case 'newer_backup':
      return `this backup is from a newer version, with ${refused.unknown.join(', ')}`
    case 'not_empty':
      return `there is something already: ${refused.what}; only an empty database and empty stores are restored to`
    case 'bad_rows':
      return `the tables do not take its rows: ${refused.why}`
    case 'wrong_counts':
      return 'it has not as many rows as it says'
    case 'things_missing':
      return `its rows name what is not in it: ${shown(refused.things)}`
    case 'no_room':
      return 'there is no room for it'
  }
}

function words({ rows, objects, images }: BackupContents): string {
  const count = Object.values(rows).reduce((sum, each) => sum + each, 0)
  return `${count} rows, ${objects} objects, ${images} images`
}

function tellMissing(missing: readonly string[]): void {
  if (missing.length > 0) note(`dragoman: missing: ${shown(missing)}`)
}

const shown = (things: readonly string[]) =>
  [...things.slice(0, THINGS_SHOWN), ...(things.length > THINGS_SHOWN ? [`and ${things.length - THINGS_SHOWN} more`] : [])].join(
    ', ',
  )
