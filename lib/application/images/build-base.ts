import type { BaseFacts, BaseRefused, BaseRoots } from '#lib/application/ports/base-roots.ts'
import type { Images, PutBlobRefused, PutManifestRefused } from '#lib/application/ports/images.ts'
import type { Layers } from '#lib/application/ports/layers.ts'
import { type BadImageName, baseRepository, type Repository, tag } from '#lib/domain/repository.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { type ImageFault, lintImage } from './lint-image.ts'
import { pushImage, type PushedImage } from './push-image.ts'

/** The tag that the newest good base of a release has. */
const NEWEST = tag('latest')

export type BuiltBase = PushedImage & { readonly repository: Repository; readonly facts: BaseFacts }
export type BuildBaseRefused = BaseRefused | BadImageName | PutBlobRefused | PutManifestRefused | ImageFault

type Deps = { readonly roots: BaseRoots; readonly layers: Layers; readonly images: Images }
type Options = { readonly signal: AbortSignal; log(text: string): void }

/** Makes the base image of a release; it is tagged only when it is a good one. */
export async function buildBase(
  deps: Deps,
  release: string | undefined,
  { signal, log }: Options,
): Promise<Result<BuiltBase, BuildBaseRefused>> {
  const made = await deps.roots.make(release, { signal, log })
  if (!made.ok) return made
  await using root = { ...made.value, [Symbol.asyncDispose]: made.value.remove }
  const { facts, newest } = root
  const repository = baseRepository(facts.distribution, facts.release)
  if (!repository.ok) return repository

  const packed = await deps.layers.pack(root.path, { newest, signal })
  await using layer = { ...packed, createdBy: `mmdebstrap ${facts.release}`, [Symbol.asyncDispose]: packed.remove }
  const pushed = await pushImage(deps, repository.value, {
    layers: [layer],
    architecture: facts.architecture,
    created: newest,
    labels: { 'dragoman.distribution': facts.distribution, 'dragoman.release': facts.release },
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
    signal,
  })
  if (!pushed.ok) return pushed
  const linted = await lintImage(deps, repository.value, pushed.value.digest, { signal })
  if (!linted.ok) return err(linted.error)
  if (NEWEST.ok) await deps.images.tag(repository.value, NEWEST.value, pushed.value.digest)
  return ok({ ...pushed.value, repository: repository.value, facts })
}
