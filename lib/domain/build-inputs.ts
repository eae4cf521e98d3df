import { createHash } from 'node:crypto'

import type { BuildInputs } from './build.ts'
import { type Digest, digestOfHex } from './digest.ts'

/** Same inputs, same hash, in whatever order they were written down. What is missing of them is said. */
export function inputsHash(inputs: BuildInputs): Digest {
  return hashOf(Object.entries(inputs))
}

/** The id of an image, a config and an agent together. */
export function combinationId(image: Digest, config: Digest, agent: string): Digest {
  return hashOf([
    ['image', image],
    ['config', config],
    ['agent', agent],
  ])
}

/** Which input a build lacks for the step it begins at. */
export function missingInput({ from, ...inputs }: BuildInputs): 'package' | 'image' | undefined {
  if (from === 'image' && !inputs.package) return 'package'
  if (from === 'test' && !inputs.image) return 'image'
  return undefined
}

function hashOf(entries: readonly (readonly [string, string | undefined])[]): Digest {
  const said = entries.filter(([, value]) => value !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return digestOfHex(createHash('sha256').update(JSON.stringify(said)).digest('hex'))
}
