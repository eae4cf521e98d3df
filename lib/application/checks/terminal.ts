import type { Ending } from '#lib/domain/ending.ts'
import type { Problem } from '#lib/domain/problem.ts'
import type { Result } from '#lib/domain/result.ts'
import type { JobState, TaskEnded } from '#lib/protocol/browser.ts'

/** Output that is kept of one job, in characters; what came before is gone. */
export const OUTPUT_KEPT_CHARS = 256 * 1024

/** The line to a language server: whole messages both ways. */
export interface ServerLine {
  send(message: unknown): void
  /** All that came so far. */
  messages(): readonly unknown[]
  /** Why it is over; undefined while it is not. */
  over(): string | undefined
  /** Settles when any of the above is no longer what it was. */
  change(): Promise<void>
}

/** A session as a check uses it: what a visitor can do, and what a visitor sees. */
export interface CheckTerminal {
  run(files: readonly { readonly path: string; readonly text: string }[]): Promise<Result<{ job: number }, Problem>>
  repl(): Promise<Result<{ job: number }, Problem>>
  task(name: 'ensure'): Promise<Result<TaskEnded, Problem>>
  format(text: string): Promise<Result<{ text: string }, Problem>>
  /** Starts the language server. */
  languageServer(): Promise<Result<ServerLine, Problem>>
  type(text: string): void
  /** What was printed since the last `run` or `repl`, escapes and all; the last {@link OUTPUT_KEPT_CHARS} of it. */
  output(): string
  /** The job that the last `run` or `repl` began. */
  job(): { readonly state: JobState; readonly ending?: Ending }
  /** Why the session is over; undefined while it is not. */
  over(): string | undefined
  /** Settles when any of the above is no longer what it was. */
  change(): Promise<void>
}
