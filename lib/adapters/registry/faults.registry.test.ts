import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { expectWhole, image, push, python } from '#lib/application/ports/images.contract.ts'
import type { Images } from '#lib/application/ports/images.ts'
import { registryImages } from './images.ts'
import { badWay, type Mishap } from './testing/bad-way.ts'
import { startRegistry } from './testing/registry.ts'

const MIB = 1024 * 1024
const clock = { today: () => new Date() }
let folder: string
let registry: Awaited<ReturnType<typeof startRegistry>>
const closing: (() => void)[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faults-'))
  registry = await startRegistry(join(folder, 'registry'))
})
afterAll(async () => {
  for (const close of closing) close()
  await registry?.stop()
  await rm(folder, { recursive: true })
})

const at = (url: string, more = {}): Images => registryImages({ url, resumeDir: join(folder, 'resume'), clock, ...more })
/** The images of the registry, read over a way with these mishaps. */
async function world(path: RegExp, mishaps: Mishap[], more = {}) {
  const way = await badWay(registry.url, path, mishaps)
  closing.push(way.close)
  return { images: at(way.url, more), asked: way.asked }
}
const read = async (images: Images, digest: Parameters<Images['getBlob']>[1]) => {
  const found = await images.getBlob(python, digest)
  return found && (await buffer(found.bytes)).length
}
const always = (mishap: Mishap) => Array.from({ length: 50 }, () => mishap)

describe('fault 10: a registry that is down, slow, or bad at one blob', () => {
  const one = image('fault 10', 3 * MIB)
  const { digest, size } = one.layer
  const path = new RegExp(`/blobs/${digest}`)
  beforeAll(() => push(at(registry.url), python, one))

  test.each<[string, Mishap[], number]>([
    ['says twice that it cannot now', [{ status: 503 }, { status: 502 }], 3],
    ['cuts the blob in its middle', [{ cutAt: MIB }], 2],
    ['cuts it at once, and then in what was left', [{ cutAt: 1 }, { cutAt: MIB }], 3],
  ])('which %s is asked again, and the blob is whole', async (_, mishaps, asks) => {
    const way = await world(path, mishaps)
    expect(await read(way.images, digest)).toBe(size)
    expect(way.asked()).toBe(asks)
    await expectWhole(way.images, python, one)
  })

  test('which stands still in the middle of a blob is given up after its time, and gone on with', async () => {
    const way = await world(path, [{ holdAt: MIB }], { answerMsMax: 1000 })
    expect(await read(way.images, digest)).toBe(size)
    expect(way.asked()).toBe(2)
  })

  test('which stays so is a failure with its status after four tries, never an absent image', async () => {
    const busy = await world(path, always({ status: 503 }))
    const cut = await world(path, always({ cutAt: 1000 }))
    const manifests = await world(/manifests/, always({ status: 500 }))
    await Promise.all([
      expect(read(busy.images, digest)).rejects.toMatchObject({ status: 503 }),
      expect(read(cut.images, digest)).rejects.toThrow('terminated'),
      expect(manifests.images.getManifest(python, { digest: one.digest })).rejects.toMatchObject({ status: 500 }),
    ])
    expect([busy.asked(), cut.asked(), manifests.asked()]).toEqual([4, 4, 4])
  })

  test('which sends another byte is a failure at the end of the blob', async () => {
    const way = await world(path, [{ flipAt: MIB }])
    await expect(read(way.images, digest)).rejects.toThrow(`Cannot read blob ${digest}: its bytes are`)
  })
})

describe("fault 11: the registry's own collection during a push", () => {
  test('that takes layers before the manifest came is noticed by the manifest, and they are sent again', async () => {
    const images = at(registry.url)
    const one = image('fault 11', MIB)
    for (const each of one.blobs) await images.putBlob(python, each)
    registry.collectBlobs() // against the rule, with the registry at work
    expect(await images.putManifest(python, one.manifest)).toMatchObject({ ok: false, error: { code: 'blob_missing' } })

    await push(images, python, one)
    registry.collectBlobs()
    await expectWhole(images, python, one)
    expect(await readdir(join(folder, 'resume')).catch(() => [])).toEqual([])
  })

  test('by the rule, read-only, refuses the push as a whole, which ends well afterwards', async () => {
    const data = join(folder, 'by-the-rule')
    const [one, two] = [image('before it', MIB), image('during it', MIB)]
    const before = await startRegistry(data)
    await push(at(before.url), python, one)
    await before.stop()
    const during = await startRegistry(data, { isReadOnly: true })
    try {
      during.collectBlobs()
      await expect(push(at(during.url), python, two)).rejects.toMatchObject({ status: 405 })
      await expectWhole(at(during.url), python, one)
    } finally {
      await during.stop()
    }
    const after = await startRegistry(data)
    try {
      await push(at(after.url), python, two)
      for (const each of [one, two]) await expectWhole(at(after.url), python, each)
    } finally {
      await after.stop()
    }
  })

  test('is no reason to call an image whole: a layer that went afterwards fails who reads it', async () => {
    const images = at(registry.url)
    const one = image('gone later', MIB)
    await push(images, python, one)
    await fetch(`${registry.url}/v2/${python}/blobs/${one.layer.digest}`, { method: 'DELETE' })
    expect(await images.getManifest(python, { digest: one.digest })).toMatchObject({ digest: one.digest })
    expect(await images.getBlob(python, one.layer.digest)).toBeUndefined()
    expect(await images.has(python, one.layer.digest)).toBe(false)
    expect(await images.putManifest(python, one.manifest)).toMatchObject({ error: { code: 'blob_missing' } })
  })
})
