import type { LogFeed } from '#lib/application/builds/log-feed.ts'
import type { PeopleWorld } from '#lib/application/people/secrets.ts'
import type { Artifacts } from '#lib/application/ports/artifacts.ts'
import type { BuildLogs } from '#lib/application/ports/build-logs.ts'
import type { BuildQueue } from '#lib/application/ports/build-queue.ts'
import type { Deployments } from '#lib/application/ports/deployments.ts'
import type { Idempotency } from '#lib/application/ports/idempotency.ts'
import type { Log } from '#lib/application/ports/log.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { ApiProblem } from '#lib/domain/api-problem.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { Asker } from '#lib/domain/person.ts'
import type { Result } from '#lib/domain/result.ts'
import type { OperationAnswer, OperationId, OperationInput, Operations } from '#lib/protocol/http/operations.ts'

/** What the API is made of. */
export type ApiWorld = PeopleWorld & {
  readonly queue: BuildQueue
  readonly artifacts: Artifacts
  readonly deployments: Deployments
  readonly idempotency: Idempotency
  readonly logs: Pick<BuildLogs, 'read'>
  readonly objects: Pick<ObjectStore, 'get'>
  readonly feed: Pick<LogFeed, 'follow'>
  readonly clock: Clock
  readonly log: Log
  /** A language's name, where this server can run it. */
  languageName(id: LangId): string | undefined
  /** The config to build: the given text when it is one of that language, or what this server has for it. */
  config(lang: LangId, text: string | undefined): Result<BuildConfig, ApiProblem>
  /** Whether the database answers. */
  databaseIsUp(): Promise<boolean>
}

/** With the recipes that it shares, and the release of the agent that it keeps to. */
export type BuildConfig = { readonly text: string; readonly agent: string | undefined }

export type Call<Id extends OperationId> = OperationInput<Id> & {
  readonly asker: Asker
  readonly signal: AbortSignal
  readonly headers: Headers
}
type Answered<Id extends OperationId> = Operations[Id] extends { readonly streams: true } ? Response : OperationAnswer<Id>
/** Who may was asked before, as far as the operation alone says it. */
export type Handler<Id extends OperationId> = (world: ApiWorld, call: Call<Id>) => Promise<Result<Answered<Id>, ApiProblem>>
