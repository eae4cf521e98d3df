import type { Artifact, Combination } from '#lib/domain/artifact.ts'
import type { AttemptKey, BuildInputs, Outcome, Step, TestResult } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import type { Result } from '#lib/domain/result.ts'

export type BuildRequest = {
  /** What the build is called if it is a new one. */
  readonly id: BuildId
  readonly inputs: BuildInputs
  readonly inputsHash: Digest
  /** Text of the config, kept by its digest; not needed of one that is known. */
  readonly configText?: string
  readonly priority: number
  readonly by: string
  readonly timeoutsMs: Readonly<Record<Step, number>>
  /** Ends the same hand's other builds of the language that nobody else asked for. */
  readonly supersedes: boolean
  /** The ended build that this one repeats. */
  readonly retryOf?: BuildId
}

/** `attached` to one at work with the same inputs, `done` when one with the same inputs went well before. */
export type Requested = { readonly build: BuildId; readonly how: 'new' | 'attached' | 'done' }
/** A base, package, image or agent that nobody recorded. */
export type RequestRefused = { readonly code: 'unknown_input'; readonly input: 'base' | 'package' | 'image' | 'agent' }

/** What a step's try is given. */
export type Leased = AttemptKey & {
  readonly inputs: BuildInputs
  /** What the build's earlier steps made, or its inputs named. */
  readonly made: { readonly package?: Digest; readonly image?: Digest }
  readonly timeoutMs: number
}

/** How a try ended. `ok` brings what the step is for; every other outcome a reason. */
export type AttemptEnd =
  | { readonly outcome: 'ok'; readonly artifact: Artifact; readonly skipped?: boolean }
  | { readonly outcome: 'ok'; readonly tested: Combination; readonly results: readonly TestResult[] }
  | {
      readonly outcome: Exclude<Outcome, 'ok'>
      readonly reason: string
      /** `infra` only: the place that it ran in was lost, with all that was in it. */
      readonly placeLost?: boolean
      /** What was tested all the same. */
      readonly tested?: Combination
      readonly results?: readonly TestResult[]
    }

/** What became of the build by it: `going_on` with its next step or another try. */
export type AttemptEnded = { readonly build: 'going_on' | Outcome }
export type FinishRefused =
  | { readonly code: 'stale_attempt' }
  /** What the attempt says it made contradicts what is known, e.g. an input that nobody recorded. */
  | { readonly code: 'bad_result'; readonly why: string }

/** An attempt at work and how often its worker was heard of. */
export type LiveAttempt = AttemptKey & { readonly builder: string; readonly beats: number; readonly timeoutMs: number }

export type BuildStatus = {
  readonly id: BuildId
  readonly lang: LangId
  readonly config: Digest
  readonly from: Step
  readonly inputs: BuildInputs
  readonly by: string
  readonly requestedAt: Date
  readonly endedAt: Date | undefined
  readonly outcome: Outcome | undefined
  readonly reason: string | undefined
  readonly steps: readonly StepStatus[]
}
export type StepStatus = {
  readonly step: Step
  readonly state: 'blocked' | 'ready' | 'running' | 'done'
  readonly attempts: number
  readonly outcome: Outcome | undefined
  readonly artifact: Digest | undefined
  readonly skipped: boolean
}

/**
 * Builds and whose turn it is. Every call is one transaction and may be repeated after its connection broke: the second
 * finds what the first did. Every call rejects when the database cannot be reached within its time limit.
 */
export interface BuildQueue {
  /** Same inputs, same build: while one lives that was not told to stop, or when one went well, every request gets that one. */
  request(request: BuildRequest): Promise<Result<Requested, RequestRefused>>
  /** The most urgent step that is ready, for a builder that has fewer than `slots` at work. Two callers never get the same. */
  lease(builder: string, slots: number): Promise<Leased | undefined>
  /** A sign of life; answers whether the work is still wanted. */
  beat(attempt: AttemptKey): Promise<'wanted' | 'cancelled' | 'superseded' | 'stale'>
  /** Ends an attempt and takes the build on or ends it. Only the step's newest attempt may, and only once. */
  finish(attempt: AttemptKey, end: AttemptEnd): Promise<Result<AttemptEnded, FinishRefused>>
  live(): Promise<readonly LiveAttempt[]>
  /** How many steps are ready and wait for a builder. */
  waiting(): Promise<number>
  /** Ends an attempt as `infra` if its worker was not heard of since; undefined when that was not to be. */
  lose(attempt: LiveAttempt, reason: string): Promise<AttemptEnded | undefined>
  /** Asks for a build's end: at once when nothing of it runs, else with the attempt at work. False when it has ended, or never was, or somebody else asked for it too and `unlessShared`. */
  cancel(build: BuildId, by: string, options?: { readonly unlessShared: boolean }): Promise<boolean>
  /** Says how urgent a build is, with the steps that it has not ended; false when it is not at work. */
  prioritise(build: BuildId, priority: number): Promise<boolean>
  /** How many builds at work somebody asked for. */
  atWorkFor(by: string): Promise<number>
  find(build: BuildId): Promise<BuildStatus | undefined>
  /** The newest first; those at work alone, or all. */
  list(which: { readonly lang?: LangId; readonly live?: boolean; readonly max: number }): Promise<readonly BuildStatus[]>
}
