import type { Artifact } from '#lib/domain/artifact.ts'
import { packageKey } from '#lib/domain/package-key.ts'
import { languageRepository } from '#lib/domain/repository.ts'
import type { StepsWorld } from './step-world.ts'

/** Whether an artifact is where it was stored, as it was. */
export async function isStored(
  { objects, images }: Pick<StepsWorld, 'objects' | 'images'>,
  artifact: Artifact,
): Promise<boolean> {
  if (artifact.kind === 'package') {
    const there = await objects.head(packageKey(artifact.lang, artifact.digest))
    return there?.digest === artifact.digest && there.size === artifact.size
  }
  if (artifact.kind !== 'image') return true // neither is made by a step
  const repository = languageRepository(artifact.lang)
  return repository.ok && (await images.getManifest(repository.value, { digest: artifact.digest })) !== undefined
}
