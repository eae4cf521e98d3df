import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { fileObjectStore } from '#lib/adapters/files/object-store.ts'
import { registryImages } from '#lib/adapters/registry/images.ts'
import { startRegistry } from '#lib/adapters/registry/testing/registry.ts'
import { tarAgentArchives } from '#lib/adapters/tar/agent-archives.ts'
import { AGENT_FILE, agentKey, agentRepository, type AgentRelease } from '#lib/domain/agent-release.ts'
import type { ArtifactFacts } from '#lib/domain/artifact.ts'
import { parseManifest } from '#lib/domain/parse-image.ts'

import { imageAgent } from './image-agent.ts'

const run = promisify(execFile)
const signal = AbortSignal.timeout(60_000)
const top = mkdtempSync(join(tmpdir(), 'agent-image-'))
let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry(join(top, 'registry'))
})
afterAll(async () => {
  await registry.stop()
  rmSync(top, { recursive: true, force: true })
})

let made = 0
/** A release of a version that nobody has, its tarball in a store of its own; facts are kept as records keep them. */
async function world(program = `program ${++made}`) {
  const version = `1.${++made}.0+x`
  const here = mkdtempSync(join(top, 'world-'))
  writeFileSync(join(here, AGENT_FILE), program)
  const packed = await tarAgentArchives(join(here, 'build')).pack(here, signal)
  const objects = fileObjectStore(join(here, 'objects'))
  const key = agentKey(version)
  if (!key) throw new Error(`${version} is no version`)
  await objects.put(key, packed.open())
  const learnt: ArtifactFacts[] = []
  const images = registryImages({ url: registry.url, resumeDir: join(here, 'resume'), clock: { today: () => new Date() } })
  const { digest, size } = packed
  const release = (): AgentRelease => {
    return {
      version,
      digest,
      size,
      madeAt: new Date(),
      facts: Object.assign({ bun: 'bun-linux-x64@1' }, ...learnt) as ArtifactFacts,
    }
  }
  const artifacts = { learn: async (_: unknown, facts: ArtifactFacts) => void learnt.push(facts) }
  const put = () => imageAgent({ artifacts, objects, images }, release(), signal)
  return { program, version, images, learnt, release, put, objects, key }
}

test('a release is an image whose one layer is its very tarball, and that is known of it', async () => {
  const { images, learnt, release, put } = await world()
  const digest = await put()
  expect(learnt).toEqual([{ image: digest }])
  const stored = await images.getManifest(agentRepository, { digest })
  const manifest = parseManifest(stored?.bytes ?? Buffer.alloc(0))
  expect(manifest.ok && manifest.value.layers.map(({ digest }) => digest)).toEqual([release().digest])
})

test('other tools read it: skopeo by its digest, and umoci lays the program out as it was', async () => {
  const { program, version, put } = await world()
  const digest = await put()
  const reference = `${registry.host}/agent@${digest}`
  const { stdout } = await run('skopeo', ['inspect', '--tls-verify=false', `docker://${reference}`])
  const said = JSON.parse(stdout) as Record<string, unknown>
  expect(said).toMatchObject({ Digest: digest, Os: 'linux', Architecture: 'amd64', Labels: { 'dragoman.agent': version } })
  expect(said['RepoTags']).toContain(version.replace('+', '_'))

  const [layout, bundle] = [join(top, `layout-${made}`), join(top, `bundle-${made}`)]
  await run('skopeo', ['copy', '--insecure-policy', '--src-tls-verify=false', `docker://${reference}`, `oci:${layout}:agent`])
  await run('umoci', ['unpack', '--rootless', '--image', `${layout}:agent`, bundle])
  const laid = join(bundle, 'rootfs', AGENT_FILE)
  expect(readFileSync(laid, 'utf8')).toBe(program)
  expect(statSync(laid).mode & 0o777).toBe(0o755)
})

test('asked for again it is the same and nothing is written; lost it is made again', async () => {
  const { images, learnt, put } = await world()
  const digest = await put()
  expect(await put()).toBe(digest)
  expect(learnt).toHaveLength(1)

  await images.delete(agentRepository, digest)
  expect(await put()).toBe(digest)
  expect((await images.getManifest(agentRepository, { digest }))?.digest).toBe(digest)
})

test('without its tarball there is no image, and none is known', async () => {
  const { objects, key, learnt, put } = await world()
  await objects.delete(key)
  await expect(put()).rejects.toThrow('its tarball is not in the object store')
  expect(learnt).toEqual([])
})
