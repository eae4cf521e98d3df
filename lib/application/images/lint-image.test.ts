import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'

import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { file, folder, link, makeTar } from '#lib/adapters/tar/testing/make-tar.ts'
import { blob, python } from '#lib/application/ports/images.contract.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import { LAYER_LIMITS } from '#lib/domain/layer-entry.ts'
import { MEDIA_TYPE } from '#lib/domain/oci-image.ts'
import { lintImage } from './lint-image.ts'
import { type Layer, pushImage } from './push-image.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})
async function world() {
  const path = await mkdtemp(join(tmpdir(), 'lint-'))
  folders.push(path)
  const images = layoutImages(path, { today: () => new Date() })
  return { images, layers: tarLayers(path) }
}
const digestOf = (bytes: Buffer): Digest => digestOfHex(createHash('sha256').update(bytes).digest('hex'))
function layer(...made: Parameters<typeof makeTar>): Layer {
  const archive = makeTar(...made)
  return { ...blob(gzipSync(archive)), diffId: digestOf(archive), createdBy: 'a test' }
}
const parts = { architecture: 'amd64' as const, created: new Date(0), env: ['PATH=/usr/bin'] }
const base = layer(folder('usr'), file('usr/a', 'a'))

test('an image that was pushed is whole and good, and the same parts are the same image', async () => {
  const deps = await world()
  const above = layer(file('usr/.wh.a'), file('usr/b', 'bb'))
  const pushed = await pushImage(deps, python, { ...parts, layers: [base, above], labels: { b: '2', a: '1' } })
  expect(pushed).toMatchObject({ ok: true, value: { sent: base.size + above.size } })
  expect(await pushImage(deps, python, { ...parts, layers: [base, above], labels: { a: '1', b: '2' } })).toEqual({
    ok: true,
    value: { ...(pushed.ok && pushed.value), sent: 0 },
  })

  const digest = (pushed.ok && pushed.value.digest) as Digest
  expect(await lintImage(deps, python, digest)).toMatchObject({
    ok: true,
    value: {
      digest,
      layers: [
        { diffId: base.diffId, entries: 2, bytes: 1 },
        { diffId: above.diffId, entries: 2, bytes: 2 },
      ],
    },
  })
})

test('a bad layer is named with its fault', async () => {
  const deps = await world()
  const bad = layer({ ...file('su'), mode: 0o4755 })
  const pushed = await pushImage(deps, python, { ...parts, layers: [base, bad] })
  expect(await lintImage(deps, python, (pushed.ok && pushed.value.digest) as Digest)).toMatchObject({
    ok: false,
    error: { code: 'bad_layer', layer: bad.digest, fault: { code: 'set_id', path: 'su' } },
  })
})

test.each([
  ['a working folder that is a descriptor', { config: { WorkingDir: '/proc/self/fd/7' } }, 'WorkingDir'],
  ['a working folder that climbs', { config: { WorkingDir: '/usr/../..' } }, 'WorkingDir'],
  ['a relative working folder', { config: { WorkingDir: 'usr' } }, 'WorkingDir'],
  ['a variable that loads', { config: { Env: ['LD_PRELOAD=/x.so'] } }, 'LD_PRELOAD'],
  ['a variable without a name', { config: { Env: ['=x'] } }, 'Env'],
  ['a user by name', { config: { User: 'root' } }, 'User'],
  ['another system', { os: 'windows' }, 'os'],
  ['the digest of another archive', { rootfs: { type: 'layers', diff_ids: [digestOf(Buffer.from('another'))] } }, 'diff_id'],
  ['too few digests', { rootfs: { type: 'layers', diff_ids: [] } }, 'diff_ids'],
  ['a digest that is none', { rootfs: { type: 'layers', diff_ids: ['sha256:../../x'] } }, 'diff_ids'],
])('a configuration with %s is refused', async (_, change, why) => {
  const deps = await world()
  const good = {
    created: '1970-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [base.diffId] },
  }
  const digest = await pushed(deps, { ...good, ...change })
  const linted = await lintImage(deps, python, digest)
  expect(linted).toMatchObject({ ok: false, error: { code: 'bad_config' } })
  expect(!linted.ok && 'why' in linted.error && linted.error.why).toContain(why)
})

test('a size that the manifest does not tell truly is refused', async () => {
  const deps = await world()
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [base.diffId] } }
  expect(await lintImage(deps, python, await pushed(deps, config, 1))).toMatchObject({ error: { code: 'bad_manifest' } })
})

test('an image that is not there is missing', async () => {
  expect(await lintImage(await world(), python, digestOf(Buffer.from('nothing')))).toEqual({
    ok: false,
    error: { code: 'image_missing' },
  })
})

/** As a stranger with a right to push would do it. */
async function pushed({ images }: Awaited<ReturnType<typeof world>>, config: object, sizeOff = 0): Promise<Digest> {
  const bytes = Buffer.from(JSON.stringify(config))
  for (const each of [base, blob(bytes)]) await images.putBlob(python, each)
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: { mediaType: MEDIA_TYPE.config, digest: digestOf(bytes), size: bytes.length },
    layers: [{ mediaType: MEDIA_TYPE.layer, digest: base.digest, size: base.size + sizeOff }],
  }
  const put = await images.putManifest(python, Buffer.from(JSON.stringify(manifest)))
  if (!put.ok) throw new Error(JSON.stringify(put.error))
  return put.value
}

test('of a base that was read before only what stands on it is read again, by the same rules', async () => {
  const deps = await world()
  const image = async (...layers: Layer[]) => {
    const pushed = await pushImage(deps, python, { ...parts, layers })
    if (!pushed.ok) throw new Error(pushed.error.code)
    return pushed.value.digest
  }
  const read: Digest[] = []
  const counting = {
    ...deps,
    images: {
      ...deps.images,
      getBlob: async (...of: Parameters<typeof deps.images.getBlob>) => (read.push(of[1]), deps.images.getBlob(...of)),
    },
  }
  const lint = async (...layers: Layer[]) => lintImage(counting, python, await image(...layers))
  const gone = layer(file('usr/.wh.a'))
  const linked = layer(link('usr', 'tmp'))

  expect(await lint(base)).toMatchObject({ ok: true })
  expect(await lint(base, gone)).toMatchObject({ ok: true, value: { layers: [{ entries: 2 }, { entries: 1 }] } })
  expect(read.filter((digest) => digest === base.digest)).toHaveLength(1)
  // Known of the one image is not known of the other.
  expect(await lint(base, layer(file('usr/.wh.b')))).toMatchObject({ error: { fault: { code: 'bad_whiteout' } } })
  expect(await lint(base, gone, gone)).toMatchObject({ error: { fault: { code: 'bad_whiteout' } } })
  expect(await lint(base, linked)).toMatchObject({ error: { code: 'bad_layer' } })
  expect(await lint({ ...base, diffId: gone.diffId }, gone)).toMatchObject({ error: { code: 'bad_config' } })
  // Nor under other limits.
  const fewer = { ...LAYER_LIMITS, entriesMax: 1 }
  expect(await lintImage(counting, python, await image(base), { limits: fewer })).toMatchObject({
    error: { fault: { code: 'too_many' } },
  })
})
