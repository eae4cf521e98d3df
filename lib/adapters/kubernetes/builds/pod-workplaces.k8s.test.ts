import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { ociRecipes } from '#lib/adapters/oci-runtime/recipes.ts'
import { buildImage } from '#lib/application/images/build-image.ts'
import { buildPackage } from '#lib/application/images/build-package.ts'
import { machineWorkplaces } from '#lib/application/images/machine-workplaces.ts'
import type { Images } from '#lib/application/ports/images.ts'
import { python } from '#lib/application/ports/images.contract.ts'
import type { Workplaces } from '#lib/application/ports/workplaces.ts'
import type { LangId } from '#lib/domain/ids.ts'

import { clock, LIMITS, podBuilds } from './pod-builds.contract.ts'

type World = Awaited<ReturnType<typeof podBuilds>>
let world: World
beforeAll(async () => {
  world = await podBuilds()
})
afterAll(() => world?.close())

const { signal } = new AbortController()

/** A package with content of its own and Debian's, and the image of it. */
async function build(workplaces: Workplaces, images: Images) {
  let log = ''
  const say = (text: string) => void (log += text)
  const deps = { ...world.parts, images, workplaces }
  const install = {
    apt: ['dc'],
    manual:
      'mkdir -p "$pkg/usr/bin" && echo "#!/bin/sh" > "$pkg/usr/bin/two" && chmod 755 "$pkg/usr/bin/two" && ln -s two "$pkg/usr/bin/too"',
  }
  const how = { base: world.base, limits: LIMITS, signal, log: say }
  const deb = await buildPackage(deps, { ...how, lang: 'mine' as LangId, config: { install } })
  if (!deb.ok) throw new Error(`${JSON.stringify(deb.error)}\n${log}`)
  const image = await buildImage(deps, {
    ...how,
    to: python,
    deb: deb.value,
    recipe: 'rm /etc/issue.net; mkdir -p /srv/x; ln /etc/issue /srv/x/issue',
  })
  await deb.value.remove()
  if (!image.ok) throw new Error(`${JSON.stringify(image.error)}\n${log}`)
  return { deb: deb.value.digest, image: image.value.digest, packages: image.value.packages }
}

test('a language is built to the same package and the same image as on a machine, byte for byte', async () => {
  const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v runc'])
  const options = { instance: `pod-builds${process.pid}`, workDir: join(world.folder, 'work'), firstId: 2_100_200_000 }
  const recipes = await ociRecipes({ ...options, runtimePath: stdout.trim(), memoryBytes: LIMITS.memoryBytes })
  const machine = machineWorkplaces({ layers: world.parts.layers, recipes, clock })
  const [inPods, here] = await Promise.all([build(world.workplaces, world.images), build(machine, world.layout)])
  await recipes.close()

  expect(inPods.packages).toHaveProperty('dc')
  expect(inPods).toEqual(here)
  expect({ pods: await world.pods(), files: world.files() }).toEqual({ pods: [], files: [] })
})
