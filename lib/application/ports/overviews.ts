import type { Attention } from '#lib/domain/attention.ts'
import type { BuildInputs, Outcome, Step, TestResult } from '#lib/domain/build.ts'
import type { Deployment } from '#lib/domain/deployment.ts'
import type { PackageVersions } from '#lib/domain/diff-packages.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import type { Check } from '#lib/domain/language.ts'
import type { BuildsQuery, OverviewQuery } from '#lib/domain/overview-query.ts'
import type { CheckResults } from '#lib/domain/regression.ts'
import type { StepStatus } from './build-queue.ts'

export type KnownLanguage = { readonly id: LangId; readonly name: string }

/** What a language stands on: what is live, else its newest image. Everything is undefined of one that was never built. */
export type LanguageOverview = {
  readonly lang: LangId
  readonly name: string
  readonly live: { readonly number: number; readonly at: Date; readonly by: string } | undefined
  readonly image: Digest | undefined
  readonly config: Digest | undefined
  readonly agent: string | undefined
  readonly builtAt: Date | undefined
  /** Of all layers, as they are stored. */
  readonly imageBytes: number | undefined
  /** What the language said of itself on the image. */
  readonly version: string | undefined
  readonly base: { readonly digest: Digest; readonly name: string } | undefined
  readonly checks: CheckResults
  readonly openBuilds: number
  /** The newest that has ended. */
  readonly ended: { readonly id: BuildId; readonly outcome: Outcome } | undefined
  readonly needs: readonly Attention[]
}

/** How many languages there are, and how many of them need each kind of attention, whatever was asked for. */
export type OverviewCounts = { readonly all: number } & { readonly [need in Attention | 'any']: number }

export type Overview = { readonly languages: readonly LanguageOverview[]; readonly counts: OverviewCounts }

export type BuildOverview = {
  readonly id: BuildId
  readonly lang: LangId
  readonly from: Step
  readonly by: string
  readonly requestedAt: Date
  readonly endedAt: Date | undefined
  readonly outcome: Outcome | undefined
  readonly reason: string | undefined
  readonly steps: readonly StepStatus[]
}

export type AttemptOverview = {
  readonly step: Step
  readonly number: number
  readonly builder: string
  readonly leasedAt: Date
  readonly endedAt: Date | undefined
  readonly outcome: Outcome | undefined
  readonly reason: string | undefined
  readonly logBytes: number
}

export type BuildDetail = BuildOverview & {
  readonly inputs: Partial<BuildInputs>
  readonly config: Digest
  readonly retryOf: BuildId | undefined
  readonly retriedBy: BuildId | undefined
  readonly attempts: readonly AttemptOverview[]
  readonly made: readonly { readonly step: Step; readonly digest: Digest; readonly bytes: number }[]
  readonly tested: Digest | undefined
  readonly results: readonly TestResult[]
}

/** A deployment, with what one compares two of them by. */
export type DeployedText = { readonly number: number; readonly config: string; readonly packages: PackageVersions }

/** How often a check went how, over a language's newest builds. */
export type CheckHistory = {
  readonly check: Check
  readonly runs: number
  readonly passed: number
  readonly skipped: number
  /** Combinations that were tested more than once by it, and those of them on which it both passed and failed. */
  readonly repeated: number
  readonly flaky: number
  readonly medianMs: number
  /** The newest first. */
  readonly latest: readonly { readonly build: BuildId; readonly outcome: TestResult['outcome'] }[]
}

/** One build's figures; the oldest first. */
export type BuildFigure = {
  readonly build: BuildId
  readonly at: Date
  readonly outcome: Outcome
  /** From its first attempt's start to its end, without the wait. */
  readonly ms: number | undefined
  readonly imageBytes: number | undefined
}

/** Builds of a day that went well, and that the language's own fault ended. */
export type DayFigure = { readonly day: Date; readonly ok: number; readonly failed: number }
/** Builds that were asked for and had not ended at this time. */
export type QueueFigure = { readonly at: Date; readonly open: number }

export type BaseOverview = {
  readonly digest: Digest
  readonly name: string
  readonly bytes: number
  readonly madeAt: Date
  /** Those that are live on it. */
  readonly languages: readonly LangId[]
}

/** What a page shows of something is another when its mark is; a build that has ended has none. */
export type Mark = { readonly mark: string } &
  /** `build` is its newest, open or not. */
  (
    | { readonly kind: 'lang'; readonly id: LangId; readonly build: BuildId | null }
    | { readonly kind: 'build'; readonly id: BuildId; readonly lang: LangId }
    | { readonly kind: 'agents' | 'bases'; readonly id: '' }
  )

/** What the public pages show of the workshop. Nothing here changes anything; every call is one or two indexed statements. */
export interface Overviews {
  /** `known` are languages that may not have been built yet; `only` narrows the answer to some. */
  languages(query: OverviewQuery, known: readonly KnownLanguage[], only?: readonly LangId[]): Promise<Overview>
  /** The newest first. */
  history(lang: LangId, max: number): Promise<readonly Deployment[]>
  /** Text of a config version. */
  config(digest: Digest): Promise<string | undefined>
  /** Of a language's deployments, those with these numbers. */
  deployed(lang: LangId, numbers: readonly number[]): Promise<readonly DeployedText[]>
  checks(lang: LangId): Promise<readonly CheckHistory[]>
  buildFigures(lang: LangId, max: number): Promise<readonly BuildFigure[]>
  /** The newest first; one more than `max` says that there are more. */
  builds(query: BuildsQuery, max: number, only?: readonly BuildId[]): Promise<readonly BuildOverview[]>
  build(id: BuildId): Promise<BuildDetail | undefined>
  dayFigures(days: number): Promise<readonly DayFigure[]>
  queueFigures(hours: number): Promise<readonly QueueFigure[]>
  bases(): Promise<readonly BaseOverview[]>
  marks(): Promise<readonly Mark[]>
}
