import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { aptPackages } from '#lib/adapters/debian/apt-packages.ts'
import { debianDebs } from '#lib/adapters/debian/debs.ts'
import { checkConfig } from '#lib/adapters/lang-files/check-config.ts'
import { ociRecipes } from '#lib/adapters/oci-runtime/recipes.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { buildBase } from '#lib/application/images/build-base.ts'
import { buildImage } from '#lib/application/images/build-image.ts'
import { buildPackage } from '#lib/application/images/build-package.ts'
import { machineWorkplaces } from '#lib/application/images/machine-workplaces.ts'
import { storedImage } from '#lib/application/images/stored-layers.ts'
import { langId, type LangId } from '#lib/domain/ids.ts'
import type { LangConfig } from '#lib/domain/lang-config.ts'
import { languageRepository } from '#lib/domain/repository.ts'
import type { Result } from '#lib/domain/result.ts'
import { openStores } from '#lib/stores.ts'

import { percentile, round } from './figures.ts'
import { stopwatch } from './workshop/stopwatch.ts'
import { bareInstall } from './workshop/bare-install.ts'
import { noopBuilds } from './workshop/noop-builds.ts'

/** A small one, a middle one and a large one, all from the distribution alone. */
const LANGUAGES = ['lua', 'prolog', 'ruby'] as const
const MIB = 1024 * 1024
const LIMITS = { cpus: 2, memoryBytes: 2048 * MIB, processes: 512, timeMs: 600_000 }
/** Nobody else's: other instances count from lower ones. */
const FIRST_ID = 2_000_000_000

/**
 * Three languages from nothing but a base image, against their packages in fresh copies of that base; in turn. Ours begin with
 * no list of packages, nothing downloaded and nothing unpacked; unpacking the base is counted as ours. Then one of them by the
 * command line again and again, where nothing has changed.
 */
export async function build() {
  const folder = await mkdtemp(join(tmpdir(), 'dragoman-bench-'))
  const world = await openWorld(folder)
  try {
    // A reader of its own, so that ours has not read the base before.
    const layers = tarLayers(join(folder, 'base'))
    const { value: base } = must(await buildBase({ ...world, layers }, undefined, world))
    const stored = await storedImage(world.images, base.repository, base.digest)
    const system = await layers.unpack(stored?.layers.map((layer) => layer.read) ?? [], world)

    const [ours, bare]: [number[], number[]] = [[], []]
    for (const name of LANGUAGES) {
      const { lang, config } = languageOf(name)
      bare.push(await bareInstall(system.path, join(folder, `bare-${name}`), config.install?.apt ?? []))
      const to = must(languageRepository(lang)).value
      const from = performance.now()
      const { value: deb } = must(await buildPackage(world, { base, lang, config, limits: LIMITS, ...world }))
      must(await buildImage(world, { base, to, deb, limits: LIMITS, ...world }))
      ours.push(performance.now() - from)
    }
    const noops = await noopBuilds(LANGUAGES[0])
    const sum = (times: readonly number[]) => times.reduce((all, ms) => all + ms, 0)
    return {
      coldOverBare: round(sum(ours) / sum(bare)),
      noopMs: Math.round(percentile(noops, 0.5)),
      coldMs: Math.round(sum(ours)),
      bareMs: Math.round(sum(bare)),
      ...Object.fromEntries(LANGUAGES.map((name, n) => [`${name}Ms`, Math.round(ours[n] ?? 0)])),
      ...Object.fromEntries(LANGUAGES.map((name, n) => [`${name}BareMs`, Math.round(bare[n] ?? 0)])),
      ...world.times(),
    }
  } finally {
    await world.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function openWorld(folder: string) {
  const workDir = join(folder, 'build')
  const { stdout: runtime } = await promisify(execFile)('sh', ['-c', 'command -v runc'])
  const where = { dataDir: folder, s3Bucket: undefined, s3Endpoint: undefined, s3Region: '', registryUrl: undefined }
  const stores = await openStores(where, systemClock)
  const options = { instance: 'bench-build', workDir, firstId: FIRST_ID, memoryBytes: LIMITS.memoryBytes }
  const recipes = await ociRecipes({ runtimePath: runtime.trim(), ...options })
  const { watch, times } = stopwatch()
  const layers = watch(stores.layers, 'lint', 'begin')
  return {
    images: watch(stores.images, 'putBlob'),
    layers,
    roots: stores.roots,
    packages: watch(aptPackages(workDir), 'fetch'),
    debs: debianDebs(workDir),
    workplaces: machineWorkplaces({ layers, recipes: watch(recipes, 'run'), clock: systemClock }),
    signal: new AbortController().signal,
    log: () => undefined,
    times,
    async close() {
      await recipes.close()
      stores.close()
    },
  }
}

function languageOf(name: string): { readonly lang: LangId; readonly config: LangConfig } {
  const file = join(import.meta.dirname, `../../langs/${name}.yaml`)
  const lang = langId(name)
  const { config } = checkConfig(file, readFileSync(file, 'utf8'))
  if (!lang || !config) throw new Error(`Cannot measure: there is no good ${file}`)
  return { lang, config }
}

function must<T, E>(result: Result<T, E>): { readonly value: T } {
  if (!result.ok) throw new Error(`Cannot measure: ${JSON.stringify(result.error)}`)
  return result
}
