import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { repository, tag } from '#lib/domain/repository.ts'
import { buildProgramImage } from './build-program-image.ts'
import { pushImage } from './push-image.ts'
import { storedImage } from './stored-layers.ts'

const top = mkdtempSync(join(tmpdir(), 'program-image-'))
afterAll(() => rmSync(top, { recursive: true }))

const signal = AbortSignal.timeout(20_000)
const good = <T>(result: { ok: true; value: T } | { ok: false }) => {
  if (!result.ok) throw new Error('refused')
  return result.value
}
const [to, version, from] = [good(repository('dragoman/server')), good(tag('1.0.0')), good(repository('base/toy'))]

async function world(name: string) {
  const images = layoutImages(join(top, name), { today: () => new Date() })
  const layers = tarLayers(join(top, `${name}-work`))
  const folder = (path: string, text: string) => {
    const at = join(top, name, 'folders', path)
    mkdirSync(join(at, 'opt'), { recursive: true })
    writeFileSync(join(at, 'opt', `${path}.js`), text)
    return at
  }
  const root = await layers.pack(folder('base', 'base'), { newest: new Date(0), signal })
  const pushed = await pushImage({ images }, from, {
    layers: [{ ...root, createdBy: 'toy' }],
    ...{ architecture: 'amd64', created: new Date(0), signal },
  })
  const base = { repository: from, digest: good(pushed).digest }
  const build = (folders: readonly string[]) =>
    buildProgramImage(
      { images, layers },
      {
        ...{ base, to, tag: version, signal, env: ['HOST=0.0.0.0'] },
        folders: folders.map((each) => ({ folder: each, createdBy: 'toy' })),
        run: { user: '10001:10001', workingDir: '/opt', entrypoint: ['/opt/node', 'code.js'] },
      },
    )
  return { images, folder, build }
}

test('a program’s image has the base’s layers, then its own, and says how it is run', async () => {
  const { images, folder, build } = await world('one')
  const built = good(await build([folder('packages', 'p'), folder('code', 'c')]))

  const stored = await storedImage(images, to, built.digest)
  expect(stored?.layers).toHaveLength(3)
  expect(stored?.config.config).toMatchObject({
    ...{ User: '10001:10001', WorkingDir: '/opt', Entrypoint: ['/opt/node', 'code.js'] },
  })
  expect((await images.getManifest(to, { tag: version }))?.digest).toBe(built.digest)
})

test('the same files make the same image, wherever and whenever they were copied', async () => {
  const [one, two] = [await world('here'), await world('there')]
  const [first, second] = await Promise.all([one, two].map(async ({ build, folder }) => good(await build([folder('code', 'c')]))))

  expect(first?.digest).toBe(second?.digest)
})

test('a folder with something that has no place in an image is refused and gets no name', async () => {
  const { images, folder, build } = await world('bad')
  const code = folder('code', 'c')
  symlinkSync('../../../etc', join(code, 'opt', 'out'))

  const built = await build([code])
  expect(built).toMatchObject({ ok: false, error: { code: 'bad_layer' } })
  expect(await images.getManifest(to, { tag: version })).toBeUndefined()
})
