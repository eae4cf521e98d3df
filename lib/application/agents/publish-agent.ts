import type { AgentArchives } from '#lib/application/ports/agent-archives.ts'
import type { Artifacts } from '#lib/application/ports/artifacts.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import { agentKey, type AgentRelease } from '#lib/domain/agent-release.ts'
import type { ArtifactFacts } from '#lib/domain/artifact.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

export type PublishWorld = {
  readonly artifacts: Pick<Artifacts, 'release' | 'releases'>
  readonly objects: Pick<ObjectStore, 'put' | 'head'>
  readonly archives: Pick<AgentArchives, 'pack'>
}

export type BuiltAgent = {
  readonly version: string
  /** Where the file `dragoman-agent` lies. */
  readonly folder: string
  /** `program` is the digest of that file; the same program packed elsewhere may be other bytes. */
  readonly facts: ArtifactFacts & { readonly program: string }
}

export type PublishRefused =
  | { readonly code: 'bad_version'; readonly version: string }
  /** Other bytes were released under it. */
  | { readonly code: 'version_taken'; readonly version: string }

/** `isNew` is false when it was released before: asking twice is asking once. */
export type Published = AgentRelease & { readonly isNew: boolean }

/** Makes an agent a release: its tarball is in the object store before its version is said. */
export async function publishAgent(
  { artifacts, objects, archives }: PublishWorld,
  { version, folder, facts }: BuiltAgent,
  signal: AbortSignal,
): Promise<Result<Published, PublishRefused>> {
  const key = agentKey(version)
  if (!key) return err({ code: 'bad_version', version })
  const [before] = await artifacts.releases(version)
  if (before && before.facts['program'] !== facts.program) return err({ code: 'version_taken', version })
  if (before && (await objects.head(key))?.digest === before.digest) return ok({ ...before, isNew: false })

  const packed = await archives.pack(folder, signal)
  try {
    const { digest, size } = packed
    // Under a version that is released its very bytes are wanted, to come back to where they were lost.
    if (before && before.digest !== digest) return err({ code: 'version_taken', version })
    const stored = await objects.put(key, packed.open(), { expected: digest, signal })
    if (!stored.ok) throw new Error(`Cannot store agent ${version}: ${stored.error.code}`)
    const isOurs = await artifacts.release(version, { kind: 'agent', digest, size, facts, inputs: [] })
    const [release] = await artifacts.releases(version)
    return isOurs && release ? ok({ ...release, isNew: !before }) : err({ code: 'version_taken', version })
  } finally {
    await packed.remove()
  }
}
