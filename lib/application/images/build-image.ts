import type { BlobSource, Images, PutBlobRefused, PutManifestRefused } from '#lib/application/ports/images.ts'
import type { Layers } from '#lib/application/ports/layers.ts'
import type { Fetched, FetchRefused, Packages } from '#lib/application/ports/packages.ts'
import type { RecipeFailed, RecipeLimits } from '#lib/application/ports/recipes.ts'
import type { Workplaces } from '#lib/application/ports/workplaces.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { Repository } from '#lib/domain/repository.ts'
import { ok, type Result } from '#lib/domain/result.ts'
import { installScript } from './install-script.ts'
import { type ImageFault, lintImage } from './lint-image.ts'
import { pushImage, type PushedImage } from './push-image.ts'
import { storedImage } from './stored-layers.ts'

export type BuildImage = {
  readonly base: { readonly repository: Repository; readonly digest: Digest }
  readonly to: Repository
  /** Of Debian; they come with all that they need. */
  readonly apt?: readonly string[]
  /** A package of ours; what it depends on comes along. */
  readonly deb?: BlobSource
  /** Shell, after the packages are installed. */
  readonly recipe?: string
  readonly release?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly limits: RecipeLimits
  /** For whom, where it is a step of a build. */
  readonly attempt?: AttemptKey
  readonly signal: AbortSignal
  log(text: string): void
}
/** `packages` are the versions, by name, of what came from Debian. */
export type BuiltImage = PushedImage & { readonly packages: Readonly<Record<string, string>> }
export type BuildImageRefused =
  | { readonly code: 'base_missing' }
  | FetchRefused
  | RecipeFailed
  | PutBlobRefused
  | PutManifestRefused
  | ImageFault

type Deps = {
  readonly images: Images
  readonly layers: Layers
  readonly packages: Packages
  readonly workplaces: Workplaces
}

/**
 * An image of what the recipe changes in the base, as one layer on top of the base's own. Packages are fetched and their
 * signatures checked outside, by nobody's code but apt's; the recipe runs where there is no network.
 */
export async function buildImage(deps: Deps, build: BuildImage): Promise<Result<BuiltImage, BuildImageRefused>> {
  const { images, packages, workplaces } = deps
  const { base, to, apt = [], deb, release, limits, signal, log } = build
  const isAlone = apt.length === 0 && !deb
  // Beside reading and unpacking the base; ended, one way or the other, before this ends.
  await using _ = isAlone ? undefined : ending(packages.prepare({ release, signal, log }))
  const good = await lintImage(deps, base.repository, base.digest, { signal })
  if (!good.ok) return good
  const stored = await storedImage(images, base.repository, base.digest)
  if (!stored) return { ok: false, error: { code: 'base_missing' } }

  const begun = await workplaces.begin({ ...base, layers: stored.layers.map((layer) => layer.read) }, build)
  if (!begun.ok) return begun
  await using place = disposable(begun.value)
  const { status } = place
  const fetched = isAlone ? undefined : await packages.fetch(apt, { release, status, ...(deb && { deb }), signal, log })
  if (fetched && !fetched.ok) return fetched
  await using given = disposable(fetched?.value ?? { folder: undefined, files: [], remove: async () => undefined })

  const script = installScript(given.files.length > 0, build.recipe)
  const ran = await place.run({ script, limits, signal, log, ...(given.folder && { given: given.folder }) })
  if (!ran.ok) return ran

  const fallback = new Date(stored.config.created ?? 0)
  const packed = await place.pack({ fallback, signal })
  if (!packed.ok) return packed
  await using layer = disposable(packed.value)
  const pushed = await pushImage(deps, to, {
    layers: [
      ...stored.layers,
      { ...layer, createdBy: [...(deb ? [`deb: ${deb.digest}`] : []), `apt: ${apt.join(' ')}`].join('; ') },
    ],
    architecture: stored.config.architecture === 'arm64' ? 'arm64' : 'amd64',
    created: layer.newest,
    labels: { ...stored.config.config?.Labels, ...build.labels, 'dragoman.base': base.digest },
    env: stored.config.config?.Env ?? [],
    alsoIn: [base.repository],
    signal,
  })
  if (!pushed.ok) return pushed
  const linted = await lintImage(deps, to, pushed.value.digest, { signal })
  return linted.ok ? ok({ ...pushed.value, packages: versionsOf(given.files) }) : linted
}

/** A package's file is called `name_version_architecture.deb`, with the colon of an epoch as %3a. */
function versionsOf(files: Fetched['files']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    files.flatMap((file) => {
      const [name = '', version] = file.split('_')
      return version === undefined ? [] : [[name, version.replaceAll('%3a', ':')]]
    }),
  )
}

/** How it ends is for nobody: `fetch` meets the same. */
function ending(work: Promise<void>): AsyncDisposable {
  const ended = work.catch(() => undefined)
  return { [Symbol.asyncDispose]: () => ended }
}

const disposable = <T extends { remove(): Promise<void> }>(thing: T) => ({
  ...thing,
  [Symbol.asyncDispose]: () => thing.remove(),
})
