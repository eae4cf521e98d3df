import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { fileObjectStore } from '#lib/adapters/files/object-store.ts'
import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { workshopDatabase } from '#lib/adapters/pg/world.contract.ts'
import { tarAgentArchives } from '#lib/adapters/tar/agent-archives.ts'
import { releasedAgents } from '#lib/adapters/tar/agent-binaries.ts'
import { digestOf } from '#lib/application/testing/builds.ts'
import { agentKey } from '#lib/domain/agent-release.ts'
import type { ObjectKey } from '#lib/domain/object-key.ts'

import { publishAgent } from './publish-agent.ts'

const never = new AbortController().signal
const top = mkdtempSync(join(tmpdir(), 'dragoman-agents-'))
let database: Awaited<ReturnType<typeof workshopDatabase>>
beforeAll(async () => {
  database = await workshopDatabase()
})
afterAll(async () => {
  await database.end()
  rmSync(top, { recursive: true })
})

let made = 0
/** Stores of its own, and a version that nobody has. */
function world() {
  const here = mkdtempSync(join(top, 'world-'))
  const artifacts = pgArtifacts(database.database)
  const objects = fileObjectStore(join(here, 'objects'))
  const archives = tarAgentArchives(join(here, 'build'))
  const version = `2.0.${++made}`
  let gets = 0
  const counted = { get: (key: ObjectKey) => ((gets += 1), objects.get(key)) }
  return {
    artifacts,
    objects,
    version,
    key: agentKey(version) as ObjectKey,
    agents: join(here, 'agents'),
    gets: () => gets,
    publish(text: string, as = version) {
      // Its own, since a tarball has one version.
      const program = `${text} of ${version}`
      const folder = mkdtempSync(join(here, 'built-'))
      writeFileSync(join(folder, 'dragoman-agent'), program)
      const facts = { program: digestOf(program), protocol: 2 }
      return publishAgent({ artifacts, objects, archives }, { version: as, folder, facts }, never)
    },
    /** A server's, that has fetched nothing yet. */
    binaries: (folder = join(here, 'agents')) =>
      releasedAgents({ artifacts, objects: counted, archives, folder, own: { version: '1.9.0', path: '/own' } }),
  }
}

test('a release is stored before it is known, published twice it is one, and under its version there is no other', async () => {
  const { publish, version, artifacts, objects, key } = world()
  const first = await publish('a program')
  expect(first).toMatchObject({ ok: true, value: { version, isNew: true, facts: { protocol: 2 } } })
  const [release] = await artifacts.releases(version)
  expect(await objects.head(key)).toMatchObject({ digest: release?.digest, size: release?.size })

  expect(await publish('a program')).toMatchObject({ ok: true, value: { digest: release?.digest, isNew: false } })
  expect(await publish('another program')).toEqual({ ok: false, error: { code: 'version_taken', version } })
  expect(await publish('a program', '../1')).toEqual({ ok: false, error: { code: 'bad_version', version: '../1' } })
  expect((await artifacts.releases()).map(({ version }) => version)).toEqual([version, '1.0.0'])
})

test('a release whose tarball was lost gets the same one back', async () => {
  const { publish, objects, key } = world()
  const first = await publish('kept elsewhere')
  await objects.delete(key)
  expect(await publish('kept elsewhere')).toMatchObject({ ok: true, value: { isNew: false } })
  expect((await objects.head(key))?.digest).toBe(first.ok && first.value.digest)
})

test('a version is fetched once however many ask, and after a restart not again', async () => {
  const { publish, version, binaries, agents, gets } = world()
  await publish('an agent')
  const server = binaries()
  const path = join(agents, version, 'dragoman-agent')
  const paths = await Promise.all(Array.from({ length: 20 }, () => server.path(version)))
  expect(new Set(paths)).toEqual(new Set([path]))
  expect(readFileSync(path, 'utf8')).toBe(`an agent of ${version}`)
  expect(await binaries().path(version)).toBe(path)
  expect(gets()).toBe(1)
})

test('two servers of one machine that fetch at once both have it, and nothing unfinished is left', async () => {
  const { publish, version, binaries, agents } = world()
  await publish('an agent')
  const path = join(agents, version, 'dragoman-agent')
  expect(await Promise.all([binaries().path(version), binaries().path(version)])).toEqual([path, path])
  expect(readdirSync(agents)).toEqual([version])
})

test('its own agent needs no release, and of what nobody released there is none', async () => {
  const { binaries } = world()
  expect(await binaries().path('1.9.0')).toBe('/own')
  expect(await binaries().path('9.9.9')).toBeUndefined()
  expect(await binaries().path('../../etc')).toBeUndefined()
})

test('a tarball that is gone or is not what was released is never used, and is asked for again', async () => {
  const { publish, version, binaries, agents, objects, key } = world()
  await publish('another', '3.0.0')
  await publish('an agent')
  const bytesOf = async (key: ObjectKey) => Buffer.concat(await (await objects.get(key))!.bytes.toArray())
  const [right, other] = [await bytesOf(key), await bytesOf(agentKey('3.0.0') as ObjectKey)]
  const server = binaries()

  for (const wrong of [other, Buffer.from(right).fill(0, 30, 40), right.subarray(0, 50)]) {
    await objects.put(key, Readable.from([wrong]))
    await expect(server.path(version)).rejects.toThrow(`agent ${version}: `)
  }
  await objects.delete(key)
  await expect(server.path(version)).rejects.toThrow('is not in the object store')
  expect(existsSync(agents) ? readdirSync(agents) : []).toEqual([])

  await objects.put(key, Readable.from([right]))
  expect(await server.path(version)).toBe(join(agents, version, 'dragoman-agent'))
})
