import type { ArtifactFacts } from './artifact.ts'
import type { Digest } from './digest.ts'
import { type ObjectKey, objectKey } from './object-key.ts'

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
