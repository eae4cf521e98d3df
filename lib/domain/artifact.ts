import type { Digest } from './digest.ts'
import type { LangId } from './ids.ts'

/** What the maker of an artifact knows of it: distribution, release, packages with their versions, the language's version. */
export type ArtifactFacts = {
  readonly [name: string]: string | number | boolean | readonly string[] | { readonly [name: string]: string }
}

type Made = {
  readonly digest: Digest
  readonly size: number
  readonly facts: ArtifactFacts
  /** What it was made of. */
  readonly inputs: readonly Digest[]
}

/** Bytes that were made, by their digest. */
export type Artifact =
  | (Made & { readonly kind: 'base' | 'agent' })
  | (Made & { readonly kind: 'package' | 'image'; readonly lang: LangId; readonly config: Digest })
export type ArtifactKind = Artifact['kind']

/** An image, a config and an agent: what is tested, tried and deployed. */
export type Combination = {
  readonly lang: LangId
  readonly image: Digest
  readonly config: Digest
  readonly agent: string
}
