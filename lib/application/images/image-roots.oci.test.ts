import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { rootFolders } from '#lib/adapters/files/root-folders.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { file, folder as folderEntry, link, makeTar } from '#lib/adapters/tar/testing/make-tar.ts'
import { blob, python } from '#lib/application/ports/images.contract.ts'
import type { Images } from '#lib/application/ports/images.ts'
import { type Digest, digestHex, digestOfHex } from '#lib/domain/digest.ts'
import { langId, type LangId } from '#lib/domain/ids.ts'
import { imageRoots, UNUSED_ROOTS_MAX } from './image-roots.ts'
import { pushImage } from './push-image.ts'

const never = new AbortController().signal
const AGENT = '/agents/1.0.0/dragoman-agent'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'image-roots-'))))
afterEach(() => rmSync(folder, { recursive: true }))

async function world() {
  const stored = layoutImages(join(folder, 'images'), { today: () => new Date() })
  const asked = { manifests: 0, isDown: false }
  const images: Images = {
    ...stored,
    getManifest(...ask) {
      asked.manifests++
      return asked.isDown ? Promise.reject(new Error('the registry is down')) : stored.getManifest(...ask)
    },
  }
  const folders = await rootFolders(join(folder, 'roots'))
  const agents = { path: async (version: string) => (version === '1.0.0' ? AGENT : undefined) }
  const roots = imageRoots({ images, folders, layers: tarLayers(folders.workDir), agents, log: memoryLog() })
  const hold = (image: Digest, agent = '1.0.0') => roots.hold({ lang: langId('python') as LangId, image, agent }, never)
  const held = async (image: Digest) => {
    const got = await hold(image)
    if (!got.ok) throw new Error(JSON.stringify(got.error))
    return got.value
  }
  return { asked, stored, folders, hold, held, left: () => readdirSync(folders.workDir) }
}

async function pushed(images: Images, word: string): Promise<Digest> {
  const archive = makeTar(folderEntry('etc'), file('etc/word', word), link('etc/hosts', '/etc/passwd'))
  const diffId = digestOfHex(createHash('sha256').update(archive).digest('hex'))
  const layer = { ...blob(gzipSync(archive)), diffId, createdBy: 'a test' }
  const done = await pushImage({ images }, python, { layers: [layer], architecture: 'amd64', created: new Date(0) })
  if (!done.ok) throw new Error(done.error.code)
  return done.value.digest
}

test('an image is unpacked once, however many ask, and has a place for all that a sandbox mounts', async () => {
  const { asked, stored, held, left } = await world()
  const image = await pushed(stored, 'hello')
  const [{ rootPath, agentPath }] = await Promise.all([held(image), held(image), held(image)])

  expect([rootPath, agentPath]).toEqual([join(folder, 'roots', digestHex(image)), AGENT])
  expect(asked.manifests).toBe(2) // to read all of it, and to unpack it
  expect(readFileSync(join(rootPath, 'etc/word'), 'utf8')).toBe('hello')
  for (const place of ['dev', 'proc', 'home/visitor', 'run/dragoman'])
    expect(readdirSync(join(rootPath, place)), place).toEqual([])
  expect(lstatSync(join(rootPath, 'dragoman-agent')).size).toBe(0)
  expect(readlinkSync(join(rootPath, 'var/tmp'))).toBe('/tmp')
  expect(lstatSync(join(rootPath, 'etc/hosts')).isFile()).toBe(true) // not written through the image's link
  expect(left()).toEqual([])
})

test('what was unpacked is used while the registry is down; what was not says so, and comes when it is back', async () => {
  const first = await world()
  const [here, other] = [await pushed(first.stored, 'here'), await pushed(first.stored, 'other')]
  await first.held(here)

  const { asked, hold, left } = await world()
  asked.isDown = true
  expect(await hold(here)).toMatchObject({ ok: true })
  expect(await hold(other)).toMatchObject({ ok: false, error: { code: 'not_fetched', why: expect.stringContaining('down') } })
  asked.isDown = false
  expect(await hold(other)).toMatchObject({ ok: true })
  expect(left()).toEqual([])
})

test('an image with other bytes than its digest says is never used, and leaves nothing', async () => {
  const { stored, hold, folders, left } = await world()
  const image = await pushed(stored, 'good')
  const blobs = join(folder, 'images/blobs/sha256')
  const layer = readdirSync(blobs).find((name) => readFileSync(join(blobs, name)).subarray(0, 2).toString('hex') === '1f8b') ?? ''
  const evil = gzipSync(makeTar(folderEntry('etc'), file('etc/word', 'evil')))
  writeFileSync(join(blobs, layer), evil)

  expect(await hold(image)).toMatchObject({ ok: false })
  expect(await folders.list()).toEqual([])
  expect(left()).toEqual([])
})

test('an image that is not there and an agent that was not released are refused by name', async () => {
  const { stored, hold } = await world()
  const missing = digestOfHex('0'.repeat(64))
  expect(await hold(missing)).toEqual({ ok: false, error: { code: 'bad_image', why: '{"code":"image_missing"}' } })
  expect(await hold(await pushed(stored, 'x'), '2.0.0')).toEqual({ ok: false, error: { code: 'no_agent', version: '2.0.0' } })
})

test('a server that is killed while it unpacks leaves nothing that is used', async () => {
  const { stored } = await world()
  const image = await pushed(stored, 'whole')
  const here = (path: string) => JSON.stringify(join(import.meta.dirname, '../..', path))
  const script = `
    const { rootFolders } = await import(${here('adapters/files/root-folders.ts')})
    const { tarLayers } = await import(${here('adapters/tar/layers.ts')})
    const { layoutImages } = await import(${here('adapters/oci-layout/images.ts')})
    const { imageRoots } = await import(${here('application/images/image-roots.ts')})
    const folders = await rootFolders(${JSON.stringify(join(folder, 'roots'))})
    const take = (_, path) => (console.log(path), process.kill(process.pid, 'SIGKILL'), new Promise(() => {}))
    const images = layoutImages(${JSON.stringify(join(folder, 'images'))}, { today: () => new Date() })
    const agents = { path: async () => 'agent' }
    const roots = imageRoots({ images, folders: { ...folders, take }, layers: tarLayers(folders.workDir), agents, log: console })
    await roots.hold({ lang: 'python', image: ${JSON.stringify(image)}, agent: '1.0.0' }, new AbortController().signal)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let half = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (half += text))
  expect(await once(child, 'close')).toEqual([null, 'SIGKILL'])
  expect(existsSync(join(half.trim(), 'etc/word'))).toBe(true)

  const { folders, held, left } = await world()
  expect([await folders.list(), left()]).toEqual([[], []])
  expect(readFileSync(join((await held(image)).rootPath, 'etc/word'), 'utf8')).toBe('whole')
})

test('of images that nobody holds the last few stay; one that is held stays whatever its age', async () => {
  const { stored, held, folders } = await world()
  const images: Digest[] = []
  for (let n = 0; n < UNUSED_ROOTS_MAX + 3; n++) images.push(await pushed(stored, `image ${n}`))
  const [kept = images[0]!, ...others] = images
  const first = await held(kept)
  for (const image of others) (await held(image)).release()

  await expect.poll(() => folders.list()).toEqual([kept, ...others.slice(-UNUSED_ROOTS_MAX)])
  first.release()
  first.release()
  await expect.poll(() => folders.list()).toEqual(others.slice(-UNUSED_ROOTS_MAX))
  expect(existsSync(first.rootPath)).toBe(false)
})
