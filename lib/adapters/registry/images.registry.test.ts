import { createCipheriv } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { blob, expectWhole, image, imagesContract, latest, push, python, ruby } from '#lib/application/ports/images.contract.ts'
import { registryImages } from './images.ts'
import { cutCable } from './testing/cut-cable.ts'
import { startRegistry } from './testing/registry.ts'

type Registry = Awaited<ReturnType<typeof startRegistry>>
let folder: string
const running: Registry[] = []
let made = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-'))
})
afterAll(async () => {
  for (const registry of running) await registry.stop()
  await rm(folder, { recursive: true })
})

async function start(data = join(folder, String(++made)), options = {}) {
  const registry = await startRegistry(data, options)
  running.push(registry)
  return { registry, data }
}
async function world() {
  const { registry, data } = await start()
  let now = Date.now()
  const today = () => new Date(now)
  const resumeDir = join(data, 'resume')
  const imagesAt = (url: string) => registryImages({ url, resumeDir, clock: { today } })
  return { registry, data, images: imagesAt(registry.url), imagesAt, today, age: (ms: number) => void (now += ms) }
}

describe('images in a registry', () => {
  imagesContract(world)

  // This registry throws away what was cut within a chunk; others say how far it came. Both are gone on with.
  test('an upload whose cable broke within a chunk ends well all the same', async () => {
    const { registry, images, imagesAt } = await world()
    const source = blob(noise(30 * MIB))
    const cable = await cutCable(registry.url, 20 * MIB)
    try {
      await expect(imagesAt(cable.url).putBlob(python, source)).rejects.toThrow('fetch failed')
      expect(await images.has(python, source.digest)).toBe(false)
      const put = await imagesAt(cable.url).putBlob(python, source)
      expect(put).toEqual({ ok: true, value: { sent: expect.any(Number) } })
    } finally {
      cable.close()
    }
    expect(await images.has(python, source.digest)).toBe(true)
  })

  test('an upload goes on in another process, and when the registry was killed in between', async () => {
    const { registry, data, imagesAt } = await world()
    const bytes = noise(24 * MIB)
    const source = blob(bytes)
    const half = (async function* () {
      yield bytes.subarray(0, 16 * MIB)
      throw new Error('killed')
    })()
    const breaks = { ...source, open: () => Readable.from(half, { objectMode: false }) }
    await expect(imagesAt(registry.url).putBlob(python, breaks)).rejects.toThrow('killed')
    await registry.stop()

    const again = await start(data)
    expect(await imagesAt(again.registry.url).putBlob(python, source)).toEqual({ ok: true, value: { sent: 8 * MIB } })
  })

  test('what the registry forgot of an upload is sent again', async () => {
    const { data, imagesAt, registry } = await world()
    const source = blob(noise(10 * MIB))
    const breaks = { ...source, open: () => Readable.from([noise(10 * MIB).subarray(0, 9 * MIB)], { objectMode: false }) }
    await expect(imagesAt(registry.url).putBlob(python, breaks)).rejects.toThrow('its source ends after 9437184 of')
    await rm(join(data, 'data/docker/registry/v2/repositories/lang/python/_uploads'), { recursive: true })

    expect(await imagesAt(registry.url).putBlob(python, source)).toEqual({ ok: true, value: { sent: source.size } })
  })

  test("the registry's own collection frees what we collected, and nothing else", async () => {
    const { registry, data, imagesAt, today, age } = await world()
    const images = imagesAt(registry.url)
    const [gone, live, tagged] = [image('gone', 3 * MIB), image('live', 3 * MIB), image('tagged', 3 * MIB)]
    for (const each of [gone, live, tagged]) await push(images, python, each)
    await push(images, ruby, live)
    await images.tag(python, latest, tagged.digest)
    age(3_600_000)
    const isLive = async (digest: string) => digest === live.digest
    expect(await images.collect({ isLive, untouchedSince: today() })).toMatchObject({ manifests: 1 })
    await registry.stop()
    registry.collectBlobs()

    const after = imagesAt((await start(data)).registry.url)
    expect(await after.has(python, gone.layer.digest)).toBe(false)
    await expectWhole(after, python, live)
    await expectWhole(after, ruby, live)
    await expectWhole(after, python, tagged)
    await push(after, python, gone)
    await expectWhole(after, python, gone)
  })

  test('a blob that rotted in the registry fails its reader', async () => {
    const { data, images } = await world()
    const { layer } = image('one')
    await images.putBlob(python, layer)
    const hex = layer.digest.slice(7)
    await writeFile(join(data, 'data/docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data'), 'x'.repeat(layer.size))

    const found = await images.getBlob(python, layer.digest)
    await expect(buffer(found!.bytes)).rejects.toThrow(`Cannot read blob ${layer.digest}`)
  })

  test('a registry that is down or read-only is a failure, never an absent image', async () => {
    const { registry, data, imagesAt } = await world()
    const one = image('one')
    await push(imagesAt(registry.url), python, one)
    await registry.stop()
    await expect(imagesAt(registry.url).getManifest(python, { digest: one.digest })).rejects.toThrow('fetch failed')

    const readOnly = imagesAt((await start(data, { isReadOnly: true })).registry.url)
    await expectWhole(readOnly, python, one)
    await expect(readOnly.putBlob(python, image('two').layer)).rejects.toMatchObject({ status: 405 })
  })
})

const MIB = 1024 * 1024
const noise = (size: number) => createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size))
