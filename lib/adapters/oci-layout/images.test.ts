import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'

import { blob, expectWhole, image, imagesContract, latest, push, python, ruby } from '#lib/application/ports/images.contract.ts'
import { layoutImages } from './images.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function world() {
  const folder = await mkdtemp(join(tmpdir(), 'images-'))
  folders.push(folder)
  let now = Date.now()
  const today = () => new Date(now)
  return { folder, images: layoutImages(folder, { today }), today, age: (ms: number) => void (now += ms) }
}

describe('images in a folder', () => {
  imagesContract(world)

  test('what two repositories share is there once', async () => {
    const { images, folder } = await world()
    for (const where of [python, ruby]) await push(images, where, image('one'))

    expect(await readdir(join(folder, 'blobs/sha256'))).toHaveLength(3)
    expect(await readdir(join(folder, 'uploads'))).toEqual([])
  })

  test('collecting frees the blobs, also of interrupted uploads, and leaves shared ones', async () => {
    const { images, folder, today, age } = await world()
    const [gone, kept] = [image('gone'), image('kept')]
    const shared = { ...gone, manifest: Buffer.from(kept.manifest.toString().replace(kept.layer.digest, gone.layer.digest)) }
    for (const each of [gone, kept]) await push(images, python, each)
    for (const each of kept.blobs) await images.putBlob(ruby, each)
    await push(images, ruby, shared)
    await images.tag(ruby, latest, (await images.list()).find((entry) => entry.repository === ruby)!.digest)
    await writeFile(join(folder, 'uploads', 'half'), 'half')
    age(86_400_000)

    expect(await images.collect({ isLive: async () => false, untouchedSince: today() })).toMatchObject({ manifests: 2, blobs: 4 })
    expect((await readdir(join(folder, 'blobs/sha256'))).length).toBe(3)
    expect(await images.has(ruby, gone.layer.digest)).toBe(true)
    expect(await readdir(join(folder, 'uploads'))).toEqual([])
    expect(await readdir(join(folder, 'trash'))).toEqual([])
  })

  test('a blob that rotted on the disk fails its reader; a manifest is not given out', async () => {
    const { images, folder } = await world()
    const one = image('one')
    await push(images, python, one)
    await writeFile(join(folder, 'blobs/sha256', one.layer.digest.slice(7)), 'x'.repeat(one.layer.size))
    await writeFile(join(folder, 'blobs/sha256', one.digest.slice(7)), '{}')

    await expect(buffer((await images.getBlob(python, one.layer.digest))!.bytes)).rejects.toThrow('Cannot read blob')
    await expect(images.getManifest(python, { digest: one.digest })).rejects.toThrow('Cannot read manifest')
  })

  test('two openers of one folder see each other and lose nothing', async () => {
    const { images, folder, today } = await world()
    const other = layoutImages(folder, { today })
    const all = Array.from({ length: 20 }, (_, n) => image(`${n}`))
    await Promise.all(all.map((each, n) => push(n % 2 ? images : other, python, each)))

    expect(await images.list()).toHaveLength(all.length)
    for (const each of all) await expectWhole(other, python, each)
  })

  test('two uploads of the same bytes at once are one blob', async () => {
    const { images } = await world()
    const source = blob(Buffer.alloc(3_000_000, 'same'))
    const puts = await Promise.all([images.putBlob(python, source), images.putBlob(ruby, source)])
    expect(puts.every((put) => put.ok)).toBe(true)
    expect(await images.has(python, source.digest)).toBe(true)
  })

  test('entries that another tool wrote stay, with their blobs', async () => {
    const { images, folder, today, age } = await world()
    const one = image('one')
    await push(images, python, one)
    const index = {
      schemaVersion: 2,
      manifests: [
        { mediaType: 'x', digest: one.digest, size: 1, annotations: { 'org.opencontainers.image.ref.name': 'theirs' } },
      ],
    }
    await writeFile(join(folder, 'index.json'), JSON.stringify(index))
    age(86_400_000)

    expect(await images.list()).toEqual([])
    expect(await images.collect({ isLive: async () => false, untouchedSince: today() })).toMatchObject({ manifests: 0, blobs: 0 })
  })
})
