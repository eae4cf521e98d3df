import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'

import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import { MEDIA_TYPE } from '#lib/domain/oci-image.ts'
import { repository, tag } from '#lib/domain/repository.ts'
import type { BlobSource, Images } from './images.ts'

const named = <T>(made: { ok: true; value: T } | { ok: false }): T => {
  if (!made.ok) throw new Error('a name in this test is none')
  return made.value
}
export const python = named(repository('lang/python'))
export const ruby = named(repository('lang/ruby'))
export const latest = named(tag('latest'))

const digestOf = (bytes: Uint8Array): Digest => digestOfHex(createHash('sha256').update(bytes).digest('hex'))
export const blob = (bytes: Buffer): BlobSource => ({
  digest: digestOf(bytes),
  size: bytes.length,
  open: (from) => Readable.from([bytes.subarray(from)], { objectMode: false }),
})

/** A manifest of one layer; the store does not look into layers. */
export function image(name: string, size = 1000) {
  const [layer, config] = [blob(Buffer.alloc(size, name)), blob(Buffer.from(JSON.stringify({ name })))]
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: { mediaType: MEDIA_TYPE.config, digest: config.digest, size: config.size },
      layers: [{ mediaType: MEDIA_TYPE.layer, digest: layer.digest, size: layer.size }],
    }),
  )
  return { blobs: [layer, config], layer, manifest, digest: digestOf(manifest) }
}
type Image = ReturnType<typeof image>

/** As a builder does it: when a blob went away before the manifest came, it sends the blobs again. */
export async function push(images: Images, where: typeof python, { blobs, manifest }: Image): Promise<void> {
  for (let tries = 1; tries <= 20; tries++) {
    for (const each of blobs) await images.putBlob(where, each)
    const put = await images.putManifest(where, manifest)
    if (put.ok) return
    expect(put.error.code).toBe('blob_missing')
  }
  throw new Error('the blobs went away twenty times')
}

/** Every byte of it can be read. */
export async function expectWhole(images: Images, where: typeof python, { blobs, manifest, digest }: Image): Promise<void> {
  expect(await images.getManifest(where, { digest })).toEqual({ digest, bytes: manifest })
  for (const each of blobs) {
    const found = await images.getBlob(where, each.digest)
    expect(found?.size).toBe(each.size)
    expect(digestOf(await buffer(found?.bytes ?? Readable.from([])))).toBe(each.digest)
  }
}

export type ImagesWorld = {
  readonly images: Images
  readonly today: () => Date
  /** Lets time pass for what is in the store. */
  readonly age: (ms: number) => void
}

const HOUR_MS = 3_600_000

/** What every maker of {@link Images} keeps. */
export function imagesContract(fresh: () => Promise<ImagesWorld>): void {
  const nothingIsLive = async () => false

  test('an image that was pushed is there, by digest and by tag', async () => {
    const { images } = await fresh()
    const one = image('one')
    await push(images, python, one)

    await expectWhole(images, python, one)
    expect(await images.getManifest(python, { tag: latest })).toBeUndefined()
    expect(await images.tag(python, latest, one.digest)).toBe(true)
    expect(await images.getManifest(python, { tag: latest })).toEqual({ digest: one.digest, bytes: one.manifest })
    expect(await images.list()).toEqual([{ repository: python, digest: one.digest, tags: [latest] }])
  })

  test('what is not there is undefined, false, or no error', async () => {
    const { images } = await fresh()
    const { digest } = image('nothing')

    expect(await images.has(python, digest)).toBe(false)
    expect(await images.getBlob(python, digest)).toBeUndefined()
    expect(await images.getManifest(python, { digest })).toBeUndefined()
    expect(await images.tag(python, latest, digest)).toBe(false)
    await images.delete(python, digest)
    expect(await images.list()).toEqual([])
  })

  test('a tag moves; the image it leaves stays', async () => {
    const { images } = await fresh()
    const [one, two] = [image('one'), image('two')]
    for (const each of [one, two]) {
      await push(images, python, each)
      await images.tag(python, latest, each.digest)
    }

    expect(await images.getManifest(python, { tag: latest })).toMatchObject({ digest: two.digest })
    await expectWhole(images, python, one)
    expect((await images.list()).map(({ digest, tags }) => [digest, tags.length])).toEqual(
      expect.arrayContaining([
        [one.digest, 0],
        [two.digest, 1],
      ]),
    )
  })

  test('a blob that is there is not sent again, also into another repository', async () => {
    const { images } = await fresh()
    const { layer } = image('shared', 500_000)

    expect(await images.putBlob(python, layer)).toEqual({ ok: true, value: { sent: layer.size } })
    expect(await images.has(python, layer.digest)).toBe(true)
    expect(await images.putBlob(python, layer)).toEqual({ ok: true, value: { sent: 0 } })
    expect(await images.putBlob(ruby, layer, { alsoIn: [python] })).toEqual({ ok: true, value: { sent: 0 } })
    expect(await images.has(ruby, layer.digest)).toBe(true)
  })

  test('bytes that are not the digest are refused, as are too many', async () => {
    const { images } = await fresh()
    const [right, wrong] = [blob(Buffer.from('right')), Buffer.from('wrong')]
    const refused = { ok: false, error: { code: 'wrong_digest', expected: right.digest } }

    expect(await images.putBlob(python, { ...blob(wrong), digest: right.digest })).toEqual(refused)
    const more = { ...right, open: () => Readable.from([Buffer.from('rightmore')], { objectMode: false }) }
    expect(await images.putBlob(python, more)).toEqual(refused)
    expect(await images.has(python, right.digest)).toBe(false)
    expect(await images.putBlob(python, right)).toMatchObject({ ok: true })
  })

  test('an upload that was interrupted goes on where it stopped', async () => {
    const { images } = await fresh()
    const bytes = Buffer.concat(Array.from({ length: 40 }, (_, n) => Buffer.alloc(1024 * 1024, `${n}`)))
    const source = blob(bytes)
    const half = bytes.length / 2
    const breaks: BlobSource = {
      ...source,
      open: (from) =>
        Readable.from(
          (function* () {
            for (let at = from; at < half; at += 1024 * 1024) yield bytes.subarray(at, at + 1024 * 1024)
            throw new Error('interrupted')
          })(),
          { objectMode: false },
        ),
    }

    await expect(images.putBlob(python, breaks)).rejects.toThrow('interrupted')
    expect(await images.has(python, source.digest)).toBe(false)
    const put = await images.putBlob(python, source)
    expect(put).toMatchObject({ ok: true })
    expect(put.ok && put.value.sent).toBeLessThanOrEqual(half + 8 * 1024 * 1024)
    expect(put.ok && put.value.sent).toBeGreaterThan(0)
    const found = await images.getBlob(python, source.digest)
    expect(digestOf(await buffer(found?.bytes ?? Readable.from([])))).toBe(source.digest)
  })

  test('a manifest whose blobs are not there, or that is none of ours, is refused', async () => {
    const { images } = await fresh()
    const one = image('one')
    await images.putBlob(python, one.layer)

    expect(await images.putManifest(python, one.manifest)).toEqual({
      ok: false,
      error: { code: 'blob_missing', digest: one.blobs[1]?.digest },
    })
    for (const bad of ['', '{}', '[]', one.manifest.toString().replace('+gzip', '.foreign'), '\xff']) {
      expect(await images.putManifest(python, Buffer.from(bad))).toMatchObject({ error: { code: 'bad_manifest' } })
    }
    expect(await images.list()).toEqual([])
  })

  test('a deleted image is gone, its namesake elsewhere is not', async () => {
    const { images } = await fresh()
    const one = image('one')
    for (const where of [python, ruby]) await push(images, where, one)
    await images.tag(python, latest, one.digest)
    await images.delete(python, one.digest)

    expect(await images.getManifest(python, { digest: one.digest })).toBeUndefined()
    expect(await images.getManifest(python, { tag: latest })).toBeUndefined()
    await expectWhole(images, ruby, one)
  })

  test('collecting takes what is old and wanted by nobody, and leaves what is live, tagged or young', async () => {
    const { images, today, age } = await fresh()
    const [old, live, tagged, young] = [image('old'), image('live'), image('tagged'), image('young')]
    for (const each of [old, live, tagged]) await push(images, python, each)
    await images.tag(python, latest, tagged.digest)
    age(2 * HOUR_MS)
    const untouchedSince = today()
    age(HOUR_MS)
    await push(images, python, young)

    const collected = await images.collect({ isLive: async (digest) => digest === live.digest, untouchedSince })

    expect(collected.manifests).toBe(1)
    expect(await images.getManifest(python, { digest: old.digest })).toBeUndefined()
    for (const each of [live, tagged, young]) await expectWhole(images, python, each)
    expect(await images.collect({ isLive: async (digest) => digest === live.digest, untouchedSince })).toMatchObject({
      manifests: 0,
    })
  })

  test('an image that becomes live while it is taken out is laid back', async () => {
    const { images, today, age } = await fresh()
    const one = image('one')
    await push(images, python, one)
    age(HOUR_MS)
    let asked = 0
    const isLive = async () => ++asked > 1

    expect(await images.collect({ isLive, untouchedSince: today() })).toMatchObject({ manifests: 0 })
    await expectWhole(images, python, one)
  })

  test('images that are pushed again while others collect are whole at the end', async () => {
    const { images, today, age } = await fresh()
    const all = Array.from({ length: 12 }, (_, n) => image(`image ${n}`))
    for (const each of all) await push(images, python, each)
    age(HOUR_MS)
    const untouchedSince = today()
    age(HOUR_MS)

    const wanted = new Set<Digest>()
    const isLive = async (digest: Digest) => wanted.has(digest)
    let isDone = false
    const collecting = (async () => {
      while (!isDone) await images.collect({ isLive, untouchedSince })
    })()
    for (const each of all) {
      wanted.add(each.digest)
      await push(images, python, each)
    }
    isDone = true
    await collecting

    await images.collect({ isLive, untouchedSince })
    for (const each of all) await expectWhole(images, python, each)
  })

  test('nothing young is taken when nothing is live', async () => {
    const { images, today } = await fresh()
    const untouchedSince = today()
    const one = image('one')
    await push(images, python, one)

    await images.collect({ isLive: nothingIsLive, untouchedSince })
    await expectWhole(images, python, one)
  })
}
