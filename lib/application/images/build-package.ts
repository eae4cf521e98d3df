import { createHash } from 'node:crypto'

import type { BadTree, DebControl, Debs, PackedDeb } from '#lib/application/ports/debs.ts'
import type { Images } from '#lib/application/ports/images.ts'
import type { Layers } from '#lib/application/ports/layers.ts'
import type { FetchRefused, Packages } from '#lib/application/ports/packages.ts'
import type { RecipeFailed, RecipeLimits } from '#lib/application/ports/recipes.ts'
import type { Workplace, Workplaces } from '#lib/application/ports/workplaces.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { LangConfig } from '#lib/domain/lang-config.ts'
import type { Repository } from '#lib/domain/repository.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { type SharedRefused, sharedRecipes } from '#lib/domain/shared-recipes.ts'
import { installScript } from './install-script.ts'
import { type ImageFault, lintImage } from './lint-image.ts'
import type { Unsupported } from './package-depends.ts'
import { PACKAGE_FOLDER, type PackagePlan, planPackage } from './package-plan.ts'
import { storedImage } from './stored-layers.ts'

export type BuildPackage = {
  readonly base: { readonly repository: Repository; readonly digest: Digest }
  readonly lang: LangId
  readonly config: Pick<LangConfig, 'install' | 'shared'>
  /** Of Debian; without it, the machine's own. */
  readonly release?: string
  readonly limits: RecipeLimits
  /** For whom, where it is a step of a build. */
  readonly attempt?: AttemptKey
  readonly signal: AbortSignal
  log(text: string): void | Promise<void>
}
/** Its dependencies are what an image needs beside it, as Debian writes them. */
export type BuiltPackage = PackedDeb & {
  readonly facts: { readonly name: string; readonly version: string; readonly architecture: string }
  readonly depends: readonly string[]
}
export type BuildPackageRefused =
  | { readonly code: 'base_missing' }
  | Unsupported
  | SharedRefused
  | FetchRefused
  | RecipeFailed
  | BadTree
  | ImageFault

type Deps = {
  readonly images: Images
  readonly layers: Layers
  readonly packages: Packages
  readonly workplaces: Workplaces
  readonly debs: Debs
}

/**
 * The package of one language. What its recipe makes below /pkg becomes the content; name, version and dependencies come from
 * the config alone. A config that only names packages of Debian costs no more than writing that down.
 */
export async function buildPackage(deps: Deps, build: BuildPackage): Promise<Result<BuiltPackage, BuildPackageRefused>> {
  const { base, lang, config, signal } = build
  const shared = sharedRecipes(config.install, config.shared)
  if (!shared.ok) return shared
  const plan = planPackage(config.install ?? {}, shared.value)
  if (!plan.ok) return plan
  const { depends, script } = plan.value
  const control = (architecture: DebControl['architecture']): DebControl => ({
    name: packageName(lang),
    version: versionOf(base.digest, plan.value),
    ...{ architecture, depends, description: `What the language ${lang} needs` },
  })
  if (script === undefined) return finished(control('all'), await deps.debs.pack(control('all'), undefined, signal))

  const good = await lintImage(deps, base.repository, base.digest, { signal })
  if (!good.ok) return good
  const stored = await storedImage(deps.images, base.repository, base.digest)
  if (!stored) return err({ code: 'base_missing' })
  const withTools = plan.value.withTools || (plan.value.shared ?? []).some((each) => each.withTools)
  const image = { ...base, layers: stored.layers.map((layer) => layer.read) }
  const begun = await deps.workplaces.begin(image, { ...build, withTools })
  if (!begun.ok) return begun
  await using place = disposable(begun.value)
  const ran = await runPlan(deps, plan.value, script, place, build)
  if (!ran.ok) return ran
  const content = await place.content(PACKAGE_FOLDER, signal)
  if (!content.ok) return content
  await using folder = disposable(content.value)
  const of = control(stored.config.architecture === 'arm64' ? 'arm64' : 'amd64')
  return finished(of, await deps.debs.pack(of, folder.path, signal))
}

/** First the tools, without a network; then the recipes, each with no more of one than it names. */
async function runPlan(
  { packages }: Deps,
  plan: PackagePlan,
  script: string,
  place: Workplace,
  { release, limits, signal, log }: BuildPackage,
): Promise<Result<void, FetchRefused | RecipeFailed>> {
  if (plan.buildApt.length > 0) {
    const { status } = place
    const fetched = await packages.fetch(plan.buildApt, { release, status, signal, log: (text) => void log(text) })
    if (!fetched.ok) return fetched
    await using given = disposable(fetched.value)
    const install = installScript(given.files.length > 0)
    const installed = await place.run({ script: install, given: given.folder, limits, signal, log })
    if (!installed.ok) return installed
  }
  const { files, registries, withTools } = plan
  for (const each of [...(plan.shared ?? []), { script, files, registries, withTools }]) {
    const ran = await place.run({ ...each, limits, signal, log })
    if (!ran.ok) return ran
  }
  return ok(undefined)
}

/** Debian's names know a plus, and no more than three letters make it a name; no language's own package is called so. */
const packageName = (lang: LangId) => `dragoman-${lang}`

/** Other inputs, another version: of two packages of a language nobody has to guess which is which. */
function versionOf(base: Digest, plan: PackagePlan): string {
  const inputs = createHash('sha256')
    .update(JSON.stringify([base, plan]))
    .digest('hex')
  return `1+${inputs.slice(0, 12)}`
}

function finished(
  { name, version, architecture, depends }: DebControl,
  packed: Result<PackedDeb, BadTree>,
): Result<BuiltPackage, BadTree> {
  return packed.ok ? ok({ ...packed.value, facts: { name, version, architecture }, depends }) : packed
}

const disposable = <T extends { remove(): Promise<void> }>(thing: T) => ({
  ...thing,
  [Symbol.asyncDispose]: () => thing.remove(),
})
