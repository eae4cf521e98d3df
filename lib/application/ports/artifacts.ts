import type { AgentRelease } from '#lib/domain/agent-release.ts'
import type { Artifact, ArtifactFacts } from '#lib/domain/artifact.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'

/** What is known of the bytes that were made; the bytes are in the object store and among the images. */
export interface Artifacts {
  /** The same bytes made again are the same artifact, as it was made first. */
  record(artifact: Artifact): Promise<void>
  /** Gives an agent a version; false when the version or the bytes have another already. */
  release(version: string, agent: Artifact & { readonly kind: 'agent' }): Promise<boolean>
  /** The newest first; or the one of that version, if there is one. */
  releases(version?: string): Promise<readonly AgentRelease[]>
  find(digest: Digest): Promise<(Artifact & { readonly madeAt: Date }) | undefined>
  /** The base that was made last; the package or image that was made last of a language. */
  newest(kind: 'base'): Promise<Digest | undefined>
  newest(kind: 'package' | 'image', lang: LangId): Promise<Digest | undefined>
  /** The bases, the newest first. */
  bases(): Promise<readonly (Artifact & { readonly madeAt: Date })[]>
  /** The one that was made last of a language with this `recipe` among its facts. */
  madeLike(kind: 'package' | 'image', lang: LangId, recipe: Digest): Promise<Artifact | undefined>
  /** Adds what was found out about an artifact after it was made. */
  learn(digest: Digest, facts: ArtifactFacts): Promise<void>
}
