import type { Actor } from './actor.ts'
import type { Scene } from './scene.ts'

/** One hostile program, or a family of them, and what must come of it. */
export type Attack = {
  readonly number: number
  /** What the program does. */
  readonly what: string
  /** What must be so, all of it, for the row to pass. */
  readonly expected: string
  /** How long it may take, where that is more than the usual. */
  readonly msMax?: number
  /** Whether it is part of every test run. */
  readonly quick: boolean
  /** The language of its session; bash unless it says. */
  readonly lang?: string
  /** Options of a server of its own; without, it shares one with the others. */
  readonly env?: Readonly<Record<string, string>>
  /** Commands that the host lends the sandbox and that the program cannot do without; the row is skipped where one is missing. */
  readonly needs?: readonly string[]
  /**
   * Whether its program is hostile by the formatter and the language server too, and then how often: the row is done again
   * with an actor whose `run` goes through them, as number 100 and 200 more.
   */
  readonly through?: 'quick' | 'full'
  act(actor: Actor, scene: Scene): Promise<void>
}

export type Outcome = {
  readonly number: number
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly ms: number
  /** What was expected and is not so; for a skipped row, why; for one that was only slow at first, that. */
  readonly evidence: readonly string[]
  /** Whether all of that is about how long something took. */
  readonly isOnlySlow?: boolean
}

/** What an oracle says: `slow` may be the doing of others on this machine, the rest is not. */
export type Verdict = { readonly slow: readonly string[]; readonly failed: readonly string[] }

/** Collects what is not as it must be. */
export type Expect = (isSo: boolean, otherwise: string) => void
