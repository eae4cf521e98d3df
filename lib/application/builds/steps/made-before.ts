import { createHash } from 'node:crypto'

import type { Artifact } from '#lib/domain/artifact.ts'
import type { BuildInputs } from '#lib/domain/build.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import { isStored } from './is-stored.ts'
import type { StepsWorld } from './step-world.ts'

/** Changes when the steps themselves make something else of the same parts. */
const STEPS_VERSION = 2

/** All that a step's result depends on, as one digest: whatever else of the config changes, the result stays as it is. */
export function recipeOf(parts: readonly unknown[]): Digest {
  const text = JSON.stringify([STEPS_VERSION, ...parts])
  return digestOfHex(createHash('sha256').update(text).digest('hex'))
}

/** What an earlier build made of the same parts, if it is still there and nothing new was asked for. */
export async function madeBefore(
  world: Pick<StepsWorld, 'artifacts' | 'objects' | 'images'>,
  kind: 'package' | 'image',
  { lang, refresh }: BuildInputs,
  recipe: Digest,
): Promise<Artifact | undefined> {
  if (refresh !== undefined) return undefined
  const found = await world.artifacts.madeLike(kind, lang, recipe)
  return found && (await isStored(world, found)) ? found : undefined
}
