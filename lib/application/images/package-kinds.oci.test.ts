import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { localRegistries } from './local-registries.contract.ts'
import { contentsOf, NOTHING_LEFT, packageWorld, type PackageWorld } from './packages.contract.ts'

/** Debian's compilers take half a minute to install on a quiet machine. */
const MS_MAX = 10 * 60_000

/** With the package managers themselves, as Debian has them, and registries that hold one package each. */
describe('a package with what came from registries', { timeout: MS_MAX }, () => {
  let folder: string
  let registries: Awaited<ReturnType<typeof localRegistries>>
  let world: PackageWorld
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'registries-'))
    registries = await localRegistries(folder)
    world = await packageWorld(registries.addresses)
  }, MS_MAX)
  afterAll(async () => {
    registries?.close()
    await world?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('by pip, gem, cpanm and cargo works in the image that it is put into', async () => {
    const made = await world.make({
      pip: ['hello-wheel==1.0'],
      gem: ['hello-gem:1.0'],
      cpan: ['Hello::Dist'],
      cargo: ['hello-crate'],
    })
    expect(made.built, made.log).toMatchObject({ ok: true, value: { depends: ['python3', 'ruby', 'perl', 'libgcc-s1'] } })
    const contents = (await contentsOf(made.path)).join('\n')
    expect(contents).not.toMatch(/perllocal|packlist|\.pyc|hello-gem-1\.0\.gem$/m)
    expect(registries.asked).toEqual(
      expect.arrayContaining([
        '/simple/hello-wheel/',
        '/gems-here/gems/hello-gem-1.0.gem',
        '/cpan/modules/02packages.details.txt.gz',
      ]),
    )

    const image = await world.intoImage(
      made,
      'cd / && hello-crate && hello-gem && /opt/dragoman/bin/hello-wheel && perl -MHello::Dist -e Hello::Dist::hello',
    )
    expect(image.built, `${JSON.stringify(image.built)} ${image.log.slice(-2000)}`).toMatchObject({ ok: true })
    for (const what of ['a crate', 'a gem', 'a wheel', 'CPAN']) expect(image.log).toContain(`hello from ${what}\n`)
    expect(world.left()).toEqual(NOTHING_LEFT)
  })
})
