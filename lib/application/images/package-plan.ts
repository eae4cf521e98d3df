import type { LangConfig } from '#lib/domain/lang-config.ts'
import type { RegistryKind } from '#lib/domain/package-registry.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { dependencies, type Unsupported, unsupported } from './package-depends.ts'
import { sectionsOf } from './package-sections.ts'

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
}

/** What is there while a package is made is made in here. */
const BUILD_FOLDER = '/build'
export const PACKAGE_FOLDER = '/pkg'

export function planPackage(install: Install): Result<PackagePlan, Unsupported> {
  const odd = notYet(install)
  if (odd !== undefined) return err(unsupported(odd))
  const found = dependencies(install)
  if (!found.ok) return found
  const prepared = dependencies({ apt: install.prepare?.apt })
  if (!prepared.ok) return prepared
  const sections = sectionsOf(install)
  if (!sections.ok) return sections

  const { parts, files, buildApt, depends, registries, withTools } = sections.value
  const isNothing = parts.length === 0
  return ok({
    depends: unique([...found.value.depends, ...depends]),
    buildApt: isNothing ? [] : unique([...prepared.value.names, ...found.value.names, ...buildApt]),
    script: isNothing ? undefined : scriptOf(parts),
    files: isNothing ? {} : files,
    registries: isNothing ? [] : registries,
    withTools: !isNothing && withTools,
  })
}

const scriptOf = (parts: readonly string[]) =>
  [`umask 022`, `export pkg=${PACKAGE_FOLDER}`, `mkdir -p "$pkg" ${BUILD_FOLDER}`, `cd ${BUILD_FOLDER}`, ...parts, ''].join('\n')

/** What only somebody's own archive or another package has, which nothing here leads to. */
function notYet({ prepare, ...install }: Install): string | undefined {
  for (const field of ['cert', 'aptKey', 'aptRepo'] as const) {
    if (install[field] ?? prepare?.[field]) return `"${field}" names a source of its own, which recipes do not reach`
  }
  if (install.opam ?? prepare?.opam) return '"opam" is not done here yet'
  return install.riju ? '"riju" names shared packages, which are not done here yet' : undefined
}

const unique = (names: readonly string[]) => [...new Set(names)]
