import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, expect, test } from 'vitest'

import { memoryObjectStore } from '#lib/adapters/memory/object-store.ts'
import { tarAgentArchives } from '#lib/adapters/tar/agent-archives.ts'
import { AGENTS_INDEX } from '#lib/application/agents/list-agents.ts'
import { agentKey } from '#lib/domain/agent-release.ts'
import { bringAgents } from './cache-agents.ts'

const top = mkdtempSync(join(tmpdir(), 'cache-agents-'))
afterAll(() => rmSync(top, { recursive: true }))
let made = 0

/** A node's folder, the agent of an image, and a bucket in which releases are. */
async function world(released: readonly string[]) {
  const here = join(top, `${++made}`)
  const [folder, own] = [join(here, 'agents'), { version: '2.0.0', path: join(here, 'own') }]
  mkdirSync(here)
  writeFileSync(own.path, 'agent 2.0.0', { mode: 0o755 })
  const objects = memoryObjectStore()
  const releases = []
  for (const version of released) {
    const source = join(here, version)
    mkdirSync(source)
    writeFileSync(join(source, 'dragoman-agent'), `agent ${version}`)
    const packed = await tarAgentArchives(here).pack(source, AbortSignal.timeout(10_000))
    const key = agentKey(version)
    if (!key) throw new Error('no version')
    await objects.put(key, packed.open())
    releases.push({ version, digest: packed.digest, size: packed.size, madeAt: new Date(0).toISOString() })
  }
  const put = (text: string) => objects.put(AGENTS_INDEX, Readable.from([Buffer.from(text)]))
  if (releases.length > 0) await put(JSON.stringify({ releases }))
  const bring = () => bringAgents(folder, own, objects, join(here, 'work'))
  const program = (version: string) => readFileSync(join(folder, version, 'dragoman-agent'), 'utf8')
  return { folder, releases, put, bring, program }
}

test('a node gets the agent of the image and every release of the bucket, each in its folder', async () => {
  const { folder, bring, program } = await world(['1.0.0', '1.1.0'])
  await bring()

  expect(readdirSync(folder).toSorted()).toEqual(['1.0.0', '1.1.0', '2.0.0'])
  expect([program('1.0.0'), program('2.0.0')]).toEqual(['agent 1.0.0', 'agent 2.0.0'])
  expect(statSync(join(folder, '1.0.0', 'dragoman-agent')).mode & 0o777).toBe(0o755)
})

test('what is there is left as it is: sandboxes run it', async () => {
  const { folder, bring } = await world(['1.0.0'])
  await bring()
  const inodes = () => ['1.0.0', '2.0.0'].map((version) => statSync(join(folder, version, 'dragoman-agent')).ino)
  const before = inodes()
  await bring()

  expect(inodes()).toEqual(before)
})

test('a release whose bytes are not those of the list is not put there', async () => {
  const { folder, releases, put, bring } = await world(['1.0.0'])
  const wrong = `sha256:${createHash('sha256').update('other').digest('hex')}`
  await put(JSON.stringify({ releases: releases.map((release) => ({ ...release, digest: wrong })) }))

  await expect(bring()).rejects.toThrow('agent 1.0.0')
  expect(readdirSync(folder)).toEqual(['2.0.0'])
})

test('without a list there is the image’s own', async () => {
  const { folder, bring } = await world([])
  await bring()

  expect(readdirSync(folder)).toEqual(['2.0.0'])
})
