import type { ArtifactFacts } from './artifact.ts'
import { digest, type Digest } from './digest.ts'
import { type ObjectKey, objectKey } from './object-key.ts'
import { repository, type Repository, tag, type Tag } from './repository.ts'

/** A version of the agent: the tarball by its digest, and what its maker knew of it. */
export type AgentRelease = {
  readonly version: string
  readonly digest: Digest
  /** Of the tarball, in bytes. */
  readonly size: number
  readonly facts: ArtifactFacts
  readonly madeAt: Date
}

/** The one file in the tarball. */
export const AGENT_FILE = 'dragoman-agent'
/** The program, unpacked. It is 110 MB, all but a little of it Bun's own. */
export const AGENT_BYTES_MAX = 512 * 1024 ** 2

/** It begins with a digit, so that it is a safe name of a folder. */
const VERSION = /^\d[0-9A-Za-z.+-]{0,39}$/

/** Where a version's tarball is kept; undefined for what is no version. */
export function agentKey(version: string): ObjectKey | undefined {
  if (!VERSION.test(version)) return undefined
  const key = objectKey(`agents/${version}.tar.gz`)
  return key.ok ? key.value : undefined
}

/** Where images of releases are; each has its version for a tag. */
export const agentRepository: Repository = named(repository('agent'))

/** Tags know no plus. */
export const agentTag = (version: string): Tag => named(tag(version.replaceAll('+', '_')))

/** The image of a release, by its digest, if one was made. */
export function agentImage({ facts }: Pick<AgentRelease, 'facts'>): Digest | undefined {
  const named = typeof facts['image'] === 'string' ? digest(facts['image']) : undefined
  return named?.ok ? named.value : undefined
}

function named<T>(made: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!made.ok) throw new Error('Cannot name the image of an agent')
  return made.value
}
