import type { Outcome, TestResult } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import type { Check } from '#lib/domain/language.ts'

export type Stale = {
  readonly lang: LangId
  /** When the image that is live was built; undefined when nothing is live. */
  readonly liveBuiltAt: Date | undefined
  /** When the newest image was built, which may wait to be promoted. */
  readonly newestBuiltAt: Date | undefined
}

export type CompiledBy = {
  readonly lang: LangId
  readonly image: Digest
  readonly isLive: boolean
  readonly builtAt: Date
  /** The config that the image was built from. */
  readonly config: Digest
  readonly text: string
  /** The config that the deployment runs it with, where that is another. */
  readonly runsWith: Digest | undefined
}

export type OnOldBase = {
  readonly lang: LangId
  readonly image: Digest
  readonly isLive: boolean
  readonly base: Digest
  readonly baseMadeAt: Date
  readonly distribution: string | undefined
  readonly release: string | undefined
}

export type TestedTogether = {
  readonly id: Digest
  readonly image: Digest
  readonly config: Digest
  readonly agent: string
  readonly checks: readonly Check[]
  readonly testedAt: Date
  readonly isLive: boolean
}

export type CameOf = {
  readonly build: BuildId
  readonly lang: LangId
  readonly outcome: Outcome
  readonly reason: string | undefined
  readonly endedAt: Date
  /** Distribution and release that the image stands on. */
  readonly base: string
  /** Of all layers, as they are stored; undefined when no image came of it. */
  readonly imageBytes: number | undefined
  /** What the language said of itself on the image. */
  readonly version: string | undefined
  readonly results: readonly Pick<TestResult, 'check' | 'outcome' | 'why'>[]
}

/** What a language serves, and how often somebody began with it lately. */
export type Used = { readonly lang: LangId; readonly image: Digest; readonly agent: string; readonly sessions: number }

/** What contributors ask of the records; each is one query along indexes, and changes nothing. */
export interface Questions {
  /** Which languages have not been updated for so long: by the age of the image that is live, the oldest first. */
  stale(days: number): Promise<readonly Stale[]>
  /** What config compiled what the language serves, or its newest image while nothing is live. */
  compiledBy(lang: LangId): Promise<CompiledBy | undefined>
  /** Which languages sit on another base than the newest. */
  onOldBase(): Promise<readonly OnOldBase[]>
  /** Which of a language's combinations passed every check that was made on them, by its newest result, the newest first. */
  testedTogether(lang: LangId): Promise<readonly TestedTogether[]>
  /** What is live, the most used in so many days first. */
  mostUsed(days: number, max: number): Promise<readonly Used[]>
  /** What came of builds, by language; those at work are left out. */
  cameOf(builds: readonly BuildId[]): Promise<readonly CameOf[]>
}
