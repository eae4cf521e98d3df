import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { fileObjectStore } from '#lib/adapters/files/object-store.ts'
import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBackupRows } from '#lib/adapters/pg/backup-rows.ts'
import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { openDatabase } from '#lib/adapters/pg/database.ts'
import { pgDeployments } from '#lib/adapters/pg/deployments.ts'
import { withClient } from '#lib/adapters/postgres/client.ts'
import { migrate } from '#lib/adapters/postgres/migrate.ts'
import { DATABASE, MIGRATE_ROLE, WEB_ROLE } from '#lib/adapters/postgres/roles.ts'
import { MIGRATIONS, migratedDatabase } from '#lib/adapters/postgres/world.contract.ts'
import { systemRandom } from '#lib/adapters/system/time.ts'
import { tarSealedFiles } from '#lib/adapters/tar/sealed-files.ts'
import { finaliseLogs } from '#lib/application/builds/finalise-logs.ts'
import { promote } from '#lib/application/deployments/promote.ts'
import { image, latest, push } from '#lib/application/ports/images.contract.ts'
import type { Images } from '#lib/application/ports/images.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import { newRequest } from '#lib/application/testing/builds.ts'
import { agentKey } from '#lib/domain/agent-release.ts'
import { digestHex, digestOfHex } from '#lib/domain/digest.ts'
import { objectKey, type ObjectKey } from '#lib/domain/object-key.ts'
import { baseRepository, languageRepository, type Repository } from '#lib/domain/repository.ts'

export const never = new AbortController().signal
export const of = (text: string) => Readable.from([Buffer.from(text)])
const digestOf = (text: string) => digestOfHex(createHash('sha256').update(text).digest('hex'))
const value = <T>(made: { readonly ok: true; readonly value: T } | { readonly ok: false }): T => {
  if (!made.ok) throw new Error('a name in this test is none')
  return made.value
}

type Stores = { readonly objects: ObjectStore; readonly images: Images }
export type Machine = Awaited<ReturnType<Awaited<ReturnType<typeof machines>>['machine']>>

/** One PostgreSQL for databases of many machines. */
export async function machines(top: string) {
  const postgres = await migratedDatabase()
  const ends: (() => Promise<void>)[] = []
  let made = 0
  return {
    async end() {
      for (const end of ends) await end()
      await postgres.end()
    },
    /** A clean one: empty tables, and stores of its own unless they are given. */
    async machine(given: Partial<Stores> = {}) {
      const name = `machine_${++made}`
      const here = mkdtempSync(join(top, `${name}-`))
      const migrateUrl = postgres.migrateUrl.replace(`/${DATABASE}?`, `/${name}?`)
      const admin = postgres.migrateUrl.replace(MIGRATE_ROLE, 'dragoman_admin')
      await withClient(admin, (client) => client.query(`CREATE DATABASE ${name} OWNER ${MIGRATE_ROLE}`))
      await migrate({ url: migrateUrl, folder: MIGRATIONS, webRole: WEB_ROLE })
      const url = postgres.url.replace(`/${DATABASE}?`, `/${name}?`)
      const database = openDatabase({ url, timeoutMs: 60_000 })
      ends.push(() => database.close())
      const clock = { today: () => new Date() }
      const objects = given.objects ?? fileObjectStore(join(here, 'objects'))
      const images = given.images ?? layoutImages(join(here, 'images'), clock)
      return {
        ...{ here, url, migrateUrl, database, objects, images, clock },
        rows: pgBackupRows(database),
        files: tarSealedFiles(),
        file: join(here, 'backup.tar'),
        query: <Row extends object>(sql: string) => withClient(migrateUrl, async (client) => (await client.query<Row>(sql)).rows),
      }
    },
  }
}

/** A base and an agent, as a workshop begins with. */
export async function furnish({ database, images, objects }: Machine, version = '1.0.0') {
  const artifacts = pgArtifacts(database)
  const base = image(`base ${version}`)
  const repository = value(baseRepository('debian', 'bookworm'))
  await push(images, repository, base)
  await images.tag(repository, latest, base.digest)
  await artifacts.record({ kind: 'base', digest: base.digest, size: 1, inputs: [], facts: { distribution: 'debian' } })
  const tarball = `agent ${version}`
  await objects.put(agentKey(version) as ObjectKey, of(tarball))
  const facts = { protocol: 2, sizes: { 'a "b"\n': '1' } }
  await artifacts.release(version, { kind: 'agent', digest: digestOf(tarball), size: tarball.length, inputs: [], facts })
  return { base: base.digest, agent: version }
}

/** A build whose things are all stored, with a log that is finalised, and what it made live. */
export async function buildOne(machine: Machine, { base, agent }: Awaited<ReturnType<typeof furnish>>) {
  const { database, images, objects } = machine
  const queue = pgBuildQueue(database)
  const logs = pgBuildLogs(database)
  const asked = newRequest({ inputs: { base, agent } })
  const { lang, config } = asked.inputs
  await queue.request(asked)
  for (let leased = await queue.lease('here', 1); leased; leased = await queue.lease('here', 1)) {
    await logs.append(leased, 0, Buffer.from(`${leased.step} of ${lang}\n\u001b[2J\xff`))
    const common = { lang, config, size: 1, inputs: [base], facts: { version: '1' } }
    if (leased.step === 'package') {
      const digest = digestOf(`deb of ${lang}`)
      await objects.put(value(objectKey(`packages/${lang}/${digestHex(digest)}.deb`)), of(`deb of ${lang}`))
      await queue.finish(leased, { outcome: 'ok', artifact: { kind: 'package', digest, ...common } })
    } else if (leased.step === 'image') {
      const made = image(`image of ${lang}`)
      await push(images, repositoryOf(lang), made)
      await queue.finish(leased, { outcome: 'ok', artifact: { kind: 'image', digest: made.digest, ...common } })
    } else if (leased.made.image) {
      const tested = { lang, config, agent, image: leased.made.image }
      await queue.finish(leased, { outcome: 'ok', tested, results: [{ check: 'run', outcome: 'ok', ms: 5 }] })
    }
  }
  while ((await finaliseLogs({ logs, objects, log: memoryLog() })) > 0);
  const deployments = pgDeployments(database)
  await promote({ deployments, random: systemRandom }, { lang, which: 'newest', by: 'ada', force: [] })
  return asked
}

const repositoryOf = (lang: Parameters<typeof languageRepository>[0]): Repository => value(languageRepository(lang))
