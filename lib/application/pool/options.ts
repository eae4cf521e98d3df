import type { Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Records } from '#lib/application/ports/records.ts'
import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Clock, Random } from '#lib/application/ports/time.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'

export type PoolOptions = {
  /** Those that can be started, as they are now. */
  languages(): readonly Language[]
  /** Languages that always have a member. */
  readonly kept: readonly LangId[]
  /** So many of each, among all servers. */
  readonly keptEach: number
  readonly plainMembers: number
  readonly memoryBytes: number
  readonly membersPerLanguageMax: number
  /** Other servers have members in the same records, and may dial ours. */
  readonly isShared: boolean
  /** A member that did not come up in this time is given up. */
  readonly startMs: number
  /** So many are started at a time. */
  readonly startsMax: number
}
export type PoolWorld = {
  sandboxes: Sandboxes
  records: Records
  /** The name of this one among those that share the records. */
  replica: string
  clock: Clock
  random: Random
  metrics: Metrics
  log: Log
}
