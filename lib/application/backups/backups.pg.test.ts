import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { fileObjectStore } from '#lib/adapters/files/object-store.ts'
import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { KEPT } from '#lib/adapters/pg/backup-rows.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { registryImages } from '#lib/adapters/registry/images.ts'
import { startRegistry } from '#lib/adapters/registry/testing/registry.ts'
import { s3ObjectStore } from '#lib/adapters/s3/object-store.ts'
import { startSwift, type Swift } from '#lib/adapters/s3/testing/swift.ts'
import { digestOf, newBuildId, newRequest } from '#lib/application/testing/builds.ts'
import { image, push } from '#lib/application/ports/images.contract.ts'
import type { SealedWriter } from '#lib/application/ports/sealed-files.ts'
import { agentRepository } from '#lib/domain/agent-release.ts'
import { blobEntry } from '#lib/domain/backup.ts'
import { type ObjectKey } from '#lib/domain/object-key.ts'

import { makeBackup } from './make-backup.ts'
import { missingThings } from './missing-things.ts'
import { restoreBackup } from './restore-backup.ts'
import { buildOne, furnish, type Machine, machines, never, of } from './world.contract.ts'

const MIGRATIONS = ['0001_a', '0002_b']
const how = { migrations: MIGRATIONS, signal: never }
const top = mkdtempSync(join(tmpdir(), 'backups-'))
let world: Awaited<ReturnType<typeof machines>>
let registry: Awaited<ReturnType<typeof startRegistry>>
let swift: Swift
/** One that tests only read, with its backup, and one that stays clean. */
let here: Machine
let clean: Machine
beforeAll(async () => {
  ;[world, registry, swift] = await Promise.all([machines(top), startRegistry(join(top, 'registry')), startSwift()])
  ;[here, clean] = [await workshop(), await world.machine()]
})
afterAll(async () => {
  await world?.end()
  await registry?.stop()
  await swift?.stop()
  rmSync(top, { recursive: true, force: true })
})

/** A machine with two languages that are live, a build that was retried, and one that waits. */
async function workshop() {
  const machine = await world.machine()
  const furniture = await furnish(machine)
  const first = await buildOne(machine, furniture)
  await buildOne(machine, furniture)
  const queue = pgBuildQueue(machine.database)
  let retryOf = first.id
  for (const nth of ['first', 'second']) {
    // Later ids come first in the alphabet, so that order is not theirs.
    const asked = { ...newRequest({ inputs: { ...first.inputs, refresh: nth } }), id: newBuildId(), retryOf }
    await queue.request(asked)
    await queue.cancel(asked.id, 'ada')
    retryOf = asked.id
  }
  await queue.request(newRequest({ inputs: furniture }))
  return machine
}

async function rowsOf({ query }: Machine): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {}
  for (const table of Object.keys(KEPT)) {
    const rows = await query<{ line: string }>(`SELECT t::text AS line FROM ${table} t`)
    all[table] = rows.map(({ line }) => line).toSorted()
  }
  return all
}
const missingIn = async (machine: Machine) => await missingThings(machine, await machine.rows.named(), never)
async function thingsOf({ objects, images }: Machine): Promise<number> {
  let count = (await images.list()).length
  for await (const _ of objects.list()) count++
  return count
}

/** Objects in a bucket and images in a registry, all empty. */
async function elsewhere() {
  const bucket = `bucket-${digestOf(newBuildId()).slice(-12)}`
  const common = { ...swift, region: 'us-east-1' }
  const client = new S3Client({ ...common, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  const clock = { today: () => new Date() }
  return await world.machine({
    objects: s3ObjectStore({ ...common, bucket, spoolDir: join(top, 'spool') }),
    images: registryImages({ url: registry.url, resumeDir: join(top, 'resume'), clock }),
  })
}

describe('fault 36: a whole backup restore', () => {
  test('brings every row and every thing that they name, between stores of each kind, and the same comes back', async () => {
    const [there, back] = [await elsewhere(), await world.machine()]
    const rows = await rowsOf(here)
    for (const [table, lines] of Object.entries(rows)) if (table !== 'log_chunk') expect(lines, table).not.toEqual([])

    const made = await makeBackup(here, here.file, how)
    expect(made).toMatchObject({ ok: true, value: { contents: { missing: [], images: 3, rows: { language: 3, build: 5 } } } })
    expect(await restoreBackup(there, here.file, how)).toMatchObject({ ok: true, value: { missing: [] } })
    expect(await rowsOf(there)).toEqual(rows)
    expect(await missingIn(there)).toEqual([])

    const again = await makeBackup(there, there.file, how)
    expect(again.ok && again.value.contents).toEqual(made.ok && made.value.contents)
    expect(await restoreBackup(back, there.file, how)).toMatchObject({ ok: true })
    expect(await rowsOf(back)).toEqual(rows)
    expect(await missingIn(back)).toEqual([])
    const places = async ({ images }: Machine) => (await images.list()).map((entry) => JSON.stringify(entry)).toSorted()
    expect(await places(back)).toEqual(await places(here))
  })

  test('of a backup that was made while builds ended is whole', async () => {
    const [here, there] = [await world.machine(), await world.machine()]
    const furniture = await furnish(here)
    let isDone = false
    const building = (async () => {
      while (!isDone) await buildOne(here, furniture)
    })()
    try {
      for (let n = 0; n < 3; n++) await makeBackup(here, here.file, how)
    } finally {
      isDone = true
      await building
    }
    expect(await restoreBackup(there, here.file, how)).toMatchObject({ ok: true, value: { missing: [] } })
    expect(await missingIn(there)).toEqual([])
  })

  test('that was interrupted is begun again', async () => {
    const there = await world.machine()
    await makeBackup(here, here.file, how)
    let puts = 0
    const cut: typeof there.objects = {
      ...there.objects,
      put: (...args) => (++puts > 3 ? Promise.reject(new Error('the power went')) : there.objects.put(...args)),
    }
    await expect(restoreBackup({ ...there, objects: cut }, here.file, how)).rejects.toThrow('the power went')
    const stop = new AbortController()
    const stopping: typeof there.images = { ...there.images, tag: async () => (stop.abort(new Error('told to stop')), true) }
    await expect(restoreBackup({ ...there, images: stopping }, here.file, { ...how, signal: stop.signal })).rejects.toThrow(
      'told',
    )
    expect(await there.rows.occupied()).toBeUndefined()

    expect(await restoreBackup(there, here.file, how)).toMatchObject({ ok: true })
    expect(await rowsOf(there)).toEqual(await rowsOf(here))
  })

  test('from before a migration fits the tables after it', async () => {
    const there = await world.machine()
    await makeBackup(here, here.file, { migrations: MIGRATIONS.slice(0, 1), signal: never })
    await there.query(`ALTER TABLE build ADD COLUMN note text NOT NULL DEFAULT 'none'`)
    expect(await restoreBackup(there, here.file, how)).toMatchObject({ ok: true })
    expect(await there.query('SELECT DISTINCT note FROM build')).toEqual([{ note: 'none' }])
  })
})

test('what the records name and is not there is told, and the rest is kept and comes back', async () => {
  const [here, there] = [await workshop(), await world.machine()]
  await here.objects.delete('agents/1.0.0.tar.gz' as ObjectKey)
  const [gone] = (await here.images.list()).filter(({ repository }) => repository.startsWith('lang/'))
  await here.images.delete(gone!.repository, gone!.digest)
  const missing = ['object agents/1.0.0.tar.gz', `image ${gone!.digest}`]

  expect(await missingIn(here)).toEqual(missing)
  expect(await makeBackup(here, here.file, how)).toMatchObject({ ok: true, value: { contents: { missing } } })
  expect(await restoreBackup(there, here.file, how)).toMatchObject({ ok: true, value: { missing } })
  expect(await missingIn(there)).toEqual(missing)
})

test('a release counts with its image, where it has one', async () => {
  const here = await workshop()
  const made = image('agent 1.0.0')
  await pgArtifacts(here.database).learn(digestOf('agent 1.0.0'), { image: made.digest })
  expect(await missingIn(here)).toEqual([`image ${made.digest}`])
  await push(here.images, agentRepository, made)
  expect(await missingIn(here)).toEqual([])
})

describe('a restore is refused, and changes nothing,', () => {
  beforeAll(async () => {
    await makeBackup(here, here.file, how)
  })

  test('where there is something already', async () => {
    const there = await world.machine()
    await there.objects.put('logs/mine' as ObjectKey, of('mine'))
    expect(await restoreBackup(there, here.file, how)).toEqual({
      ok: false,
      error: { code: 'not_empty', what: 'object logs/mine' },
    })
    await there.objects.delete('logs/mine' as ObjectKey)
    await there.objects.put('agents/1.0.0.tar.gz' as ObjectKey, of('of other bytes'))
    expect(await restoreBackup(there, here.file, how)).toMatchObject({ error: { code: 'not_empty' } })
    await there.objects.delete('agents/1.0.0.tar.gz' as ObjectKey)
    await there.query(`INSERT INTO language (id) VALUES ('mine')`)
    expect(await restoreBackup(there, here.file, how)).toEqual({
      ok: false,
      error: { code: 'not_empty', what: 'table language' },
    })
    expect(await thingsOf(there)).toBe(0)
  })

  test('when another one was quicker', async () => {
    const there = await world.machine()
    const both = await Promise.all([restoreBackup(there, here.file, how), restoreBackup(there, here.file, how)])
    expect(both.map(({ ok }) => ok).toSorted()).toEqual([false, true])
    expect(both.find(({ ok }) => !ok)).toMatchObject({ error: { code: 'not_empty' } })
    expect(await rowsOf(there)).toEqual(await rowsOf(here))
  })

  /** The backup with its entries changed, sealed as if it were right. */
  async function forged(change: (name: string, bytes: Buffer) => readonly (readonly [string, Buffer])[]): Promise<string> {
    const path = join(mkdtempSync(join(top, 'forged-')), 'backup')
    const opened = await here.files.open(here.file, never)
    if (!opened.ok) throw new Error(opened.error.code)
    const add = (file: SealedWriter, name: string, bytes: Buffer) => file.add(name, bytes.length, Readable.from([bytes]))
    const copy = async (file: SealedWriter) => {
      for (const name of opened.value.entries.keys()) {
        const bytes = Buffer.concat(await opened.value.read(name).toArray())
        for (const [as, other] of change(name, bytes)) await add(file, as, other)
      }
    }
    await here.files.write(path, copy, never)
    await opened.value.close()
    return path
  }
  const text = (name: string, bytes: Buffer, is: RegExp, from: RegExp | string, to: string) =>
    [[name, is.test(name) ? Buffer.from(bytes.toString().replace(from, to)) : bytes]] as const
  const agent = () => digestOf('agent 1.0.0')

  test.each([
    ['is cut', 'bad_backup', () => cut((bytes) => bytes.subarray(0, bytes.length / 2))],
    ['has a byte flipped', 'bad_backup', () => cut((bytes) => (bytes.writeUInt8(bytes.readUInt8(9000) ^ 1, 9000), bytes))],
    ['is something else', 'bad_backup', () => cut(() => readFileSync('package.json'))],
    ['is not there', 'not_found', async () => join(top, 'nowhere')],
    ['lacks an object', 'bad_backup', () => forged((name, bytes) => (name === blobEntry(agent()) ? [] : [[name, bytes]]))],
    [
      'has other bytes for an object',
      'bad_backup',
      () => forged((name, bytes) => [[name, name === blobEntry(agent()) ? Buffer.from('other') : bytes]]),
    ],
    [
      'has a path that climbs',
      'bad_backup',
      () => forged((name, bytes) => [[name === 'backup.json' ? '../../up' : name, bytes]]),
    ],
    [
      'has an absolute path',
      'bad_backup',
      () => forged((name, bytes) => [[name === 'backup.json' ? '/etc/passwd' : name, bytes]]),
    ],
    [
      'lacks an image of its rows',
      'bad_backup',
      () => forged((name, bytes) => (name.startsWith('images/') ? [] : [[name, bytes]])),
    ],
    [
      'is of a newer version',
      'newer_backup',
      () => forged((name, bytes) => text(name, bytes, /^backup/, '0002_b', '9999_later')),
    ],
    [
      'is of another form',
      'other_format',
      () => forged((name, bytes) => text(name, bytes, /^backup/, '"format":1', '"format":2')),
    ],
    [
      'has rows of no table',
      'bad_rows',
      () => forged((name, bytes) => [[name.replace('rows/builder', 'rows/pg_authid'), bytes]]),
    ],
    ['has rows of sessions', 'bad_rows', () => forged((name, bytes) => [[name.replace('rows/builder', 'rows/session'), bytes]])],
    [
      'has a column of no table',
      'bad_rows',
      () => forged((name, bytes) => text(name, bytes, /^rows.language/, '"id"', '"id\\") --"')),
    ],
    [
      'has a row against a constraint',
      'bad_rows',
      () => forged((name, bytes) => text(name, bytes, /^rows.artifact\//, /"size":\d+/, '"size":-1')),
    ],
    ['has a row that is none', 'bad_rows', () => forged((name, bytes) => text(name, bytes, /^rows.audit/, /^/, '[1]\n'))],
    ['lacks rows', 'wrong_counts', () => forged((name, bytes) => (/^rows.audit/.test(name) ? [] : [[name, bytes]]))],
    [
      'has rows that name something else',
      'things_missing',
      () => forged((name, bytes) => text(name, bytes, /^rows.(agent_release|combination)/, /"1\.0\.0"/g, '"6.6.6"')),
    ],
  ] as const)('when the file %s', async (_, code, made) => {
    expect(await restoreBackup(clean, await made(), how)).toMatchObject({ ok: false, error: { code } })
    expect(await clean.rows.occupied()).toBeUndefined()
    // Bytes come before rows; those of this backup are in nobody's way.
    const isEarly = ['bad_backup', 'not_found', 'newer_backup', 'other_format'].some((early) => early === code)
    expect(await thingsOf(clean)).toBe(isEarly ? 0 : 12)
  })

  async function cut(change: (bytes: Buffer) => Uint8Array): Promise<string> {
    const path = join(mkdtempSync(join(top, 'cut-')), 'backup')
    writeFileSync(path, change(readFileSync(here.file)))
    return path
  }
})

test('a full disk is said, of the backup and of a store, and no half file is left', async () => {
  const small = join(here.here, 'small')
  mkdirSync(small)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'small', small])
  try {
    expect(await makeBackup(here, join(small, 'backup'), how)).toEqual({ ok: false, error: { code: 'no_room' } })
    expect(readdirSync(small)).toEqual([])
    await makeBackup(here, here.file, how)
    const full = { ...clean, objects: fileObjectStore(join(small, 'objects')) }
    expect(await restoreBackup(full, here.file, how)).toEqual({ ok: false, error: { code: 'no_room' } })
    expect(await clean.rows.occupied()).toBeUndefined()
  } finally {
    execFileSync('umount', [small])
  }
})

test('every table is kept but those of visitors and people, after the tables that it refers to', async () => {
  const { query } = clean
  const tables = await query<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`)
  const visitors = ['session', 'place', 'pool_member', 'replica', '_prisma_migrations']
  const people = ['person', 'identity', 'login', 'admin_link', 'api_token', 'idempotency_key']
  const kept = Object.keys(KEPT)
  expect(tables.map(({ name }) => name).toSorted()).toEqual([...kept, ...visitors, ...people].toSorted())

  const references = await query<{ from: string; to: string }>(
    `SELECT conrelid::regclass::text AS from, confrelid::regclass::text AS to FROM pg_constraint WHERE contype = 'f'`,
  )
  expect(references.filter(({ from, to }) => from !== to && kept.indexOf(from) < kept.indexOf(to))).toEqual([])
  // These two say their own order.
  const own = references.filter(({ from, to }) => from === to).map(({ from }) => from)
  expect(own.toSorted()).toEqual(['build', 'deployment'])
})
