import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

import { aptPackages } from '#lib/adapters/debian/apt-packages.ts'
import { debianDebs } from '#lib/adapters/debian/debs.ts'
import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { ociRecipes } from '#lib/adapters/oci-runtime/recipes.ts'
import { registryProxies } from '#lib/adapters/registry-proxy/proxies.ts'
import type { RegistryAddresses } from '#lib/adapters/registry-proxy/registries.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { python } from '#lib/application/ports/images.contract.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { LangConfig } from '#lib/domain/lang-config.ts'
import { buildImage } from './build-image.ts'
import { testBase } from './base.contract.ts'
import { type BuildPackage, buildPackage } from './build-package.ts'
import { machineWorkplaces } from './machine-workplaces.ts'

const GIB = 1024 ** 3
const LIMITS = { cpus: 2, memoryBytes: GIB, processes: 256, timeMs: 300_000 }
const TOOLS = resolve(import.meta.dirname, '../../../.dragoman/tools')
export const run = promisify(execFile)

/** Somewhere to make packages, and to look at them and at what was left. */
export async function packageWorld(registries: Partial<RegistryAddresses> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'packages-'))
  const workDir = join(folder, 'work')
  const base = await testBase(join(folder, 'images'))
  const instance = `packages${randomInt(1_000_000)}`
  const runtimePath = (await run('sh', ['-c', 'command -v runc'])).stdout.trim()
  const proxies = registryProxies(registries, workDir)
  const ids = { firstId: 2_100_100_000, memoryBytes: 2 * GIB }
  const recipes = await ociRecipes({ runtimePath, instance, workDir, proxies, toolsPath: TOOLS, ...ids })
  const clock = { today: () => new Date() }
  const images = layoutImages(join(folder, 'images'), clock)
  const layers = tarLayers(workDir)
  const workplaces = machineWorkplaces({ layers, recipes, clock })
  const deps = { images, layers, packages: aptPackages(workDir), workplaces, debs: debianDebs(workDir) }
  let debs = 0

  return {
    folder,
    /** The package in a file of its own, when there is one, and what was said. */
    async make(install: NonNullable<LangConfig['install']>, more: Partial<BuildPackage> = {}) {
      let log = ''
      const take = (text: string) => void (log += text.slice(0, GIB / 1024))
      const build = { base, lang: 'mine' as LangId, config: { install }, limits: LIMITS, log: take }
      const built = await buildPackage(deps, { ...build, signal: new AbortController().signal, ...more })
      const path = join(folder, `${debs++}.deb`)
      if (built.ok) {
        await writeFile(path, built.value.open(0))
        await built.value.remove()
      }
      return { built, log, path, digest: built.ok ? built.value.digest : undefined }
    },
    /** The base with that package, and with what a shell says in it. */
    async intoImage({ built, path }: { built: Awaited<ReturnType<typeof buildPackage>>; path: string }, recipe: string) {
      if (!built.ok) throw new Error(`Cannot put into an image what was not made: ${JSON.stringify(built.error)}`)
      let log = ''
      const { digest, size } = built.value
      const deb = { digest, size, open: (from: number) => createReadStream(path, { start: from }) }
      const take = (text: string) => void (log += text)
      const build = { base, to: python, apt: [], deb, recipe, limits: LIMITS, log: take }
      const image = await buildImage(deps, { ...build, signal: new AbortController().signal })
      return { built: image, log }
    },
    limits: (over: Partial<typeof LIMITS & { diskBytes: number }>) => ({ ...LIMITS, ...over }),
    left: () => ({
      files: readdirSync(workDir).filter((name) => name !== 'lists' && name !== 'roots'),
      mounts: readFileSync('/proc/self/mountinfo', 'utf8').includes(folder),
    }),
    async close() {
      await recipes.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
export type PackageWorld = Awaited<ReturnType<typeof packageWorld>>

export const NOTHING_LEFT = { files: [], mounts: false }

/** What dpkg itself reads in a package: rights, owner and name of each entry. */
export async function contentsOf(path: string): Promise<string[]> {
  const { stdout } = await run('dpkg-deb', ['--contents', path])
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/^(\S+ \S+) +\d+ \S+ \S+ /, '$1 '))
}
