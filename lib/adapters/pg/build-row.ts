import type { BuildOverview } from '#lib/application/ports/overviews.ts'
import type { Outcome, Step } from '#lib/domain/build.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'

export type Nullable<T> = {
  readonly [K in keyof T]: T[K] extends infer V ? (undefined extends V ? Exclude<V, undefined> | null : V) : never
}
type Steps = readonly Nullable<BuildOverview['steps'][number]>[]
/** One build with its steps, as every list of builds reads it: {@link BUILD_COLUMNS} of `build b`. */
export type BuildRow = {
  readonly id: BuildId
  readonly lang: LangId
  readonly from_step: Step
  readonly requested_by: string
  readonly requested_at: Date
  readonly ended_at: Date | null
  readonly outcome: Outcome | null
  readonly reason: string | null
  readonly steps: Steps
}

export const BUILD_COLUMNS = `b.id, b.lang, b.from_step, b.requested_by, b.requested_at, b.ended_at, b.outcome, b.reason, (
    SELECT json_agg(json_build_object('step', s.step, 'state', s.state, 'attempts', s.attempts, 'outcome', s.outcome,
      'artifact', s.artifact, 'skipped', s.skipped) ORDER BY s.step)
    FROM build_step s WHERE s.build = b.id
  ) AS steps`

export const overviewOf = (row: BuildRow): BuildOverview => ({
  id: row.id,
  lang: row.lang,
  from: row.from_step,
  by: row.requested_by,
  requestedAt: row.requested_at,
  endedAt: row.ended_at ?? undefined,
  outcome: row.outcome ?? undefined,
  reason: row.reason ?? undefined,
  steps: row.steps.map((step) => ({ ...step, outcome: step.outcome ?? undefined, artifact: step.artifact ?? undefined })),
})
