import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { rootFolders } from '#lib/adapters/files/root-folders.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { registryImages } from '#lib/adapters/registry/images.ts'
import { startRegistry } from '#lib/adapters/registry/testing/registry.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { file, folder, link, type Made, makeTar } from '#lib/adapters/tar/testing/make-tar.ts'
import { python } from '#lib/application/ports/images.contract.ts'
import type { Images } from '#lib/application/ports/images.ts'
import { digest, type Digest, digestHex, digestOfHex } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'
import { MANIFEST_BYTES_MAX, MEDIA_TYPE } from '#lib/domain/oci-image.ts'
import { imageRoots } from './image-roots.ts'
import { lintImage } from './lint-image.ts'

const run = promisify(execFile)
const clock = { today: () => new Date() }
const top = mkdtempSync(join(tmpdir(), 'row-48-'))
let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry(join(top, 'registry'))
})
afterAll(async () => {
  await registry?.stop()
  rmSync(top, { recursive: true, force: true })
})

const digestOf = (bytes: Buffer): Digest => digestOfHex(createHash('sha256').update(bytes).digest('hex'))
const named = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length })
const json = (value: unknown) => Buffer.from(JSON.stringify(value))

type Spoil = (manifest: Record<string, unknown>) => unknown
/** An image as its maker would have it, of these archives. */
function made(archives: readonly Buffer[], { diffIds = archives.map(digestOf), spoil = ((manifest) => manifest) as Spoil } = {}) {
  const layers = archives.map((archive) => gzipSync(archive))
  const config = json({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: diffIds } })
  const manifest = {
    ...{ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config: named(MEDIA_TYPE.config, config) },
    layers: layers.map((layer) => named(MEDIA_TYPE.layer, layer)),
  }
  const bytes = json(spoil(manifest))
  return { blobs: [config, ...layers], bytes, digest: digestOf(bytes) }
}
type Image = ReturnType<typeof made>

let count = 0
/** The image in a folder of its own, as other tools make them. */
function laidOut({ blobs, bytes }: Image): string {
  const path = join(top, `made-${++count}`)
  const below = join(path, 'blobs', 'sha256')
  mkdirSync(below, { recursive: true })
  for (const blob of [...blobs, bytes]) writeFileSync(join(below, digestHex(digestOf(blob))), blob)
  writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const annotations = { 'org.opencontainers.image.ref.name': 'bad' }
  writeFileSync(
    join(path, 'index.json'),
    json({ schemaVersion: 2, manifests: [{ ...named(MEDIA_TYPE.manifest, bytes), annotations }] }),
  )
  return `oci:${path}:bad`
}

type Place = {
  readonly images: () => Images
  /** For skopeo. */
  readonly at: (tag: string) => string
  /** Where a blob lies. */
  readonly blob: (digest: Digest) => string
  /** By hand, what no tool pushes. */
  readonly put: (image: Image) => Promise<void>
}
const folderOf = join(top, 'images')
const PLACES: readonly (readonly [string, Place])[] = [
  [
    'a registry',
    {
      images: () => registryImages({ url: registry.url, resumeDir: join(top, 'resume'), clock }),
      at: (tag) => `docker://${registry.host}/${python}:${tag}`,
      blob: (digest) =>
        join(registry.data, 'docker/registry/v2/blobs/sha256', digestHex(digest).slice(0, 2), digestHex(digest), 'data'),
      async put({ bytes }) {
        const type = (JSON.parse(bytes.toString()) as { mediaType: string }).mediaType
        const headers = { 'content-type': type }
        await fetch(`${registry.url}/v2/${python}/manifests/hand`, { method: 'PUT', headers, body: new Uint8Array(bytes) })
      },
    },
  ],
  [
    'a folder of images',
    {
      images: () => layoutImages(folderOf, clock),
      at: (tag) => `oci:${folderOf}:${python}:${tag}`,
      blob: (digest) => join(folderOf, 'blobs', 'sha256', digestHex(digest)),
      async put({ blobs, bytes }) {
        for (const each of [...blobs, bytes]) writeFileSync(join(folderOf, 'blobs', 'sha256', digestHex(digestOf(each))), each)
        const index = JSON.parse(readFileSync(join(folderOf, 'index.json'), 'utf8')) as { manifests: object[] }
        const annotations = { 'org.opencontainers.image.ref.name': `${python}:hand` }
        index.manifests.push({ ...named(MEDIA_TYPE.manifest, bytes), annotations })
        writeFileSync(join(folderOf, 'index.json'), json(index))
      },
    },
  ],
]

/** Pushes it as anybody would, and answers by which digest it is there. */
async function skopeo(place: Place, image: Image, ...how: readonly string[]): Promise<Digest> {
  const said = join(top, `digest-${++count}`)
  const args = ['copy', '--insecure-policy', '--dest-tls-verify=false', `--digestfile=${said}`, ...how]
  await run('skopeo', [...args, laidOut(image), place.at(`t${count}`)])
  const pushed = digest(readFileSync(said, 'utf8').trim())
  if (!pushed.ok) throw new Error('skopeo says no digest')
  return pushed.value
}
/** Why it is refused; whoever would run it is refused too, and gets no folder. */
async function refusal(place: Place, image: Digest) {
  const [linted, held] = [
    await lintImage({ images: place.images(), layers: tarLayers(top) }, python, image),
    await hold(place, image),
  ]
  expect(held).toMatchObject(linted.ok ? { ok: true } : { error: { code: 'bad_image' } })
  return linted.ok ? undefined : linted.error
}

/** What a sandbox that wants it is told. */
async function hold({ images }: Place, image: Digest) {
  const folders = await rootFolders(join(top, 'roots'))
  const world = { images: images(), layers: tarLayers(folders.workDir), log: memoryLog() }
  const roots = imageRoots({ ...world, folders, agents: { path: async () => '/agent' } })
  const held = await roots.hold({ lang: 'python' as LangId, image, agent: '1.0.0' }, new AbortController().signal)
  if (held.ok) held.value.release()
  roots.close()
  expect(await folders.list()).toEqual(held.ok ? [image] : [])
  await folders.remove(image)
  expect(readdirSync(folders.workDir)).toEqual([])
  return held
}
const of = (...layers: Made[][]) => made(layers.map((entries) => makeTar(...entries)))
const base = [folder('etc'), file('etc/passwd', 'x'), folder('usr')]

const LAYERS: readonly (readonly [string, string, Image])[] = [
  ['a device', 'bad_kind', of([{ path: 'sda', type: '4' }])],
  ['a set-user-id program', 'set_id', of([{ ...file('su'), mode: 0o4755 }])],
  ['a capability', 'extended_attribute', of([{ ...file('ping'), pax: { 'SCHILY.xattr.security.capability': 'x' } }])],
  ['a path that climbs out', 'bad_path', of([file('../../../../tmp/row-48')])],
  ['an absolute path', 'bad_path', of([file('/tmp/row-48')])],
  ['a file through a link to the machine', 'through_link', of([link('x', '/tmp'), file('x/row-48')])],
  ['a link that climbs out', 'bad_link', of([...base, link('usr/x', '../../../etc/shadow')])],
  ['a hard link out', 'bad_link', of([{ path: 'x', type: '1', target: '../etc/shadow' }])],
  ['a whiteout of a mount point', 'bad_whiteout', of(base, [file('.wh.etc')])],
  ['a whiteout that climbs', 'bad_whiteout', of(base, [file('etc/.wh...')])],
  ['a program in place of the agent', 'reserved_path', of([file('dragoman-agent')])],
  [
    'a bomb',
    'bomb',
    made([Buffer.concat([makeTar({ path: 'x', size: 80_000_000 }).subarray(0, 512), Buffer.alloc(80_000_000)])]),
  ],
]

describe.each(PLACES)('hostile row 48: a bad image that was pushed to %s is refused', (_, place) => {
  test('while a good one is taken', async () => {
    const image = of(base, [file('usr/a')])
    expect(await skopeo(place, image)).toBe(image.digest)
    expect(await refusal(place, image.digest)).toBeUndefined()
  })

  test.each(LAYERS)('with %s', async (_, code, image) => {
    await skopeo(place, image)
    expect(await refusal(place, image.digest)).toMatchObject({ code: 'bad_layer', fault: { code } })
  })

  test('whose configuration speaks of other layers', async () => {
    const image = made([makeTar(...base)], { diffIds: [digestOf(Buffer.from('other'))] })
    await skopeo(place, image)
    expect(await refusal(place, image.digest)).toMatchObject({ code: 'bad_config' })
  })

  test.each<[string, Spoil]>([
    [
      'a list of images',
      ({ config }) => ({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [config] }),
    ],
    ["Docker's own manifest", (manifest) => ({ ...manifest, mediaType: 'application/vnd.docker.distribution.manifest.v2+json' })],
    ['layers of another packing', (manifest) => ({ ...manifest, layers: packed(manifest['layers']) })],
    ['layers that lie elsewhere', (manifest) => ({ ...manifest, layers: foreign(manifest['layers']) })],
    ["a size that is not the layer's", (manifest) => ({ ...manifest, layers: resized(manifest['layers']) })],
    ['a manifest without an end', (manifest) => ({ ...manifest, annotations: { pad: 'x'.repeat(MANIFEST_BYTES_MAX) } })],
    [
      'another algorithm',
      (manifest) => ({ ...manifest, config: { ...(manifest['config'] as object), digest: `sha512:${'0'.repeat(128)}` } }),
    ],
  ])('with %s, by hand', async (_, spoil) => {
    const good = of(base, [file('usr/hand')])
    await skopeo(place, good)
    const image = { ...made([makeTar(...base), makeTar(file('usr/hand'))], { spoil }) }
    await place.put(image)
    // A registry may have refused it: then it is not there.
    const codes = expect.stringMatching(/^(?:bad_manifest|image_missing)$/)
    expect(await refusal(place, image.digest)).toMatchObject({ code: codes })
  })

  test('whose bytes were changed where they lie', async () => {
    const image = of([...base, file('changed', 'y'.repeat(5000))])
    await skopeo(place, image)
    const layer = image.blobs[1] ?? Buffer.alloc(0)
    const other = gzipSync(makeTar(...base, file('changed', 'z'.repeat(5000))))
    writeFileSync(place.blob(digestOf(layer)), Buffer.concat([other, layer]).subarray(0, layer.length))
    expect(await hold(place, image.digest)).toMatchObject({
      error: { code: 'not_fetched', why: expect.stringContaining(`Cannot read blob ${digestOf(layer)}: its bytes are`) },
    })
  })

  test('and nothing of any lies anywhere else', () => {
    expect(readdirSync('/tmp')).not.toContain('row-48')
  })
})

type Layers = readonly Record<string, unknown>[]
const packed = (layers: unknown) =>
  (layers as Layers).map((layer) => ({ ...layer, mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' }))
const foreign = (layers: unknown) =>
  (layers as Layers).map((layer) => ({
    ...layer,
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    urls: ['http://127.0.0.1:9/layer'],
  }))
const resized = (layers: unknown) => (layers as Layers).map((layer) => ({ ...layer, size: Number(layer['size']) + 1 }))
