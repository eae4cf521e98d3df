import type { LangConfig } from '#lib/domain/lang-config.ts'
import type { RegistryKind } from '#lib/domain/package-registry.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { SharedRecipe } from '#lib/domain/shared-recipes.ts'
import { dependencies, type Unsupported, unsupported } from './package-depends.ts'
import { sectionsOf } from './package-sections.ts'
import { addShared, keepShared } from './shared-sections.ts'

type Install = NonNullable<LangConfig['install']>

/** How one language's package is made: plain values, of which each is a function of the config alone. */
export type PackagePlan = {
  /** What the image has to have beside the package. */
  readonly depends: readonly string[]
  /** Debian packages that are there while the package is made. */
  readonly buildApt: readonly string[]
  /** Undefined when there is nothing but dependencies: then nothing has to be run. */
  readonly script: string | undefined
  readonly files: Readonly<Record<string, string>>
  readonly registries: readonly RegistryKind[]
  readonly withTools: boolean
  /** What is run before it, in this order, each with its own files and registries; absent when the language shares nothing. */
  readonly shared?: readonly PlannedRun[]
}
/** One recipe to run in the root that the others are run in. */
export type PlannedRun = Pick<PackagePlan, 'files' | 'registries' | 'withTools'> & { readonly script: string }

/** What is there while a package is made is made in here. */
const BUILD_FOLDER = '/build'
export const PACKAGE_FOLDER = '/pkg'

/** The language's own recipe, after those of what it shares. */
export function planPackage(install: Install, shared: readonly SharedRecipe[] = []): Result<PackagePlan, Unsupported> {
  const own = planOne(install)
  if (!own.ok) return own
  const before: PackagePlan[] = []
  for (const recipe of shared) {
    const plan = planOne(recipe.install)
    if (!plan.ok) return err(unsupported(`shared package "${recipe.id}": ${plan.error.why}`))
    before.push(plan.value)
  }
  return ok(together(own.value, before))
}

/** What a recipe by itself comes to, with all that would have to be there while it is run. */
function planOne(install: Install): Result<PackagePlan, Unsupported> {
  const odd = notYet(install)
  if (odd !== undefined) return err(unsupported(odd))
  const found = dependencies(install)
  if (!found.ok) return found
  const prepared = dependencies({ apt: install.prepare?.apt })
  if (!prepared.ok) return prepared
  const sections = sectionsOf(install)
  if (!sections.ok) return sections

  const { parts, files, buildApt, depends, registries, withTools } = sections.value
  return ok({
    depends: unique([...found.value.depends, ...depends]),
    buildApt: unique([...prepared.value.names, ...found.value.names, ...buildApt]),
    script: parts.length === 0 ? undefined : scriptOf(parts),
    ...{ files, registries, withTools },
  })
}

function together(own: PackagePlan, before: readonly PackagePlan[]): PackagePlan {
  const all = [...before, own]
  const shared = before
    .filter(({ script }) => script !== undefined)
    .map(({ script = '', files, registries, withTools }, n) => {
      return { script: script + keepShared(n), files, registries, withTools }
    })
  const isNothing = all.every(({ script }) => script === undefined)
  return {
    ...own,
    depends: unique(all.flatMap(({ depends }) => depends)),
    buildApt: isNothing ? [] : unique(all.flatMap(({ buildApt }) => buildApt)),
    script: isNothing ? undefined : (own.script ?? scriptOf([])) + addShared(shared.length),
    ...(shared.length > 0 && { shared }),
  }
}

const scriptOf = (parts: readonly string[]) =>
  [`umask 022`, `export pkg=${PACKAGE_FOLDER}`, `mkdir -p "$pkg" ${BUILD_FOLDER}`, `cd ${BUILD_FOLDER}`, ...parts, ''].join('\n')

/** What only somebody's own archive has, which nothing here leads to. */
function notYet({ prepare, ...install }: Install): string | undefined {
  const field = (['cert', 'aptKey', 'aptRepo'] as const).find((each) => install[each] ?? prepare?.[each])
  return field && `"${field}" names a source of its own, which recipes do not reach`
}

const unique = (names: readonly string[]) => [...new Set(names)]
