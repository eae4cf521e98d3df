import type { Digest } from './digest.ts'
import type { BuildId, LangId } from './ids.ts'
import type { Check } from './language.ts'

/** In this order; a build begins at any of them and goes through the rest. */
export const STEPS = ['package', 'image', 'test'] as const
export type Step = (typeof STEPS)[number]

/** From this step to the last. */
export const stepsFrom = (step: Step): readonly Step[] => STEPS.slice(STEPS.indexOf(step))

type OutcomeRule = {
  /** Tried again by itself, up to {@link ATTEMPTS_MAX}. */
  readonly retried: boolean
  /** The language's own fault: its recipe or its checks. */
  readonly blamesLanguage: boolean
  readonly words: string
}

/** How an attempt, a step or a build ends: once, and for good. */
export const OUTCOMES = {
  ok: { retried: false, blamesLanguage: false, words: 'went well' },
  failed: { retried: false, blamesLanguage: true, words: 'failed' },
  timeout: { retried: false, blamesLanguage: true, words: 'took too long' },
  infra: { retried: true, blamesLanguage: false, words: 'was let down by the machinery' },
  cancelled: { retried: false, blamesLanguage: false, words: 'was cancelled' },
  superseded: { retried: false, blamesLanguage: false, words: 'gave way to a newer request' },
  waiting: { retried: false, blamesLanguage: false, words: 'waits for something that is not built yet' },
} as const satisfies Readonly<Record<string, OutcomeRule>>
export type Outcome = keyof typeof OUTCOMES

/** Tries of one step: a machine that fails this often does not get better by one more. */
export const ATTEMPTS_MAX = 3
/** Tries of one step that may lose the place they run in. A recipe that outgrows its place does so again; a node is lost once. */
export const LOST_PLACES_MAX = 2
/** Pause before the second and the third; no use in less, since what is down is seldom back at once. */
export const RETRY_PAUSES_MS = [5000, 60_000] as const

export const retryPauseMs = (attempts: number): number => RETRY_PAUSES_MS[attempts - 1] ?? RETRY_PAUSES_MS[1]

/** Whether a step is tried again after an attempt of this number; `lostPlaces` counts that attempt too. */
export const isTriedAgain = (outcome: Outcome, { number, lostPlaces }: { number: number; lostPlaces: number }): boolean =>
  OUTCOMES[outcome].retried && number < ATTEMPTS_MAX && lostPlaces < LOST_PLACES_MAX

/** Higher goes first. */
export const PRIORITIES = { update: 0, change: 10, person: 20 } as const
export type Priority = (typeof PRIORITIES)[keyof typeof PRIORITIES]

/** One try of a step. Its number is the fencing token: only the step's newest may end it. */
export type AttemptKey = { readonly build: BuildId; readonly step: Step; readonly number: number }

/** All that a build's result depends on. */
export type BuildInputs = {
  readonly lang: LangId
  readonly from: Step
  readonly config: Digest
  readonly base: Digest
  /** What earlier steps made, where the build begins after them. */
  readonly package?: Digest
  readonly image?: Digest
  /** Version of the agent that the checks run under. */
  readonly agent: string
  /** Differs where the same inputs shall be built anew: packages of others move on. */
  readonly refresh?: string
}

export type TestResult = {
  readonly check: Check
  readonly outcome: 'ok' | 'failed' | 'timeout' | 'skipped'
  readonly ms: number
  /** Wanted of all but `ok`. */
  readonly why?: string
}

/** A reason's characters that are kept. */
export const REASON_CHARS_MAX = 1000

/** Longest a step may take: what is large compiles for half an hour. */
export const STEP_TIMEOUTS_MS = { package: 30 * 60_000, image: 10 * 60_000, test: 15 * 60_000 } as const satisfies Readonly<
  Record<Step, number>
>
