import type { BuildLogs } from '#lib/application/ports/build-logs.ts'
import type { BuildQueue } from '#lib/application/ports/build-queue.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { StepRunner } from './run-attempt.ts'

/** The same queue and logs, and any runner, counted: builds by how they ended, what their steps took, bytes of their logs. */
export function meteredBuilds<Logs extends Pick<BuildLogs, 'append'>>(
  { queue, logs }: { readonly queue: BuildQueue; readonly logs: Logs },
  { metrics, clock }: { readonly metrics: Metrics; readonly clock: Clock },
) {
  const finish: BuildQueue['finish'] = async (attempt, end) => {
    const finished = await queue.finish(attempt, end)
    const { build: outcome } = finished.ok ? finished.value : { build: 'going_on' as const }
    if (outcome !== 'going_on') metrics.count('dragoman_builds_total', { outcome })
    return finished
  }
  const append: BuildLogs['append'] = async (attempt, seq, bytes) => {
    const appended = await logs.append(attempt, seq, bytes)
    if (appended.ok) metrics.count('dragoman_build_log_bytes_total', {}, bytes.length)
    return appended
  }
  const metered =
    (run: StepRunner): StepRunner =>
    async (leased, tools) => {
      const from = clock.now()
      let outcome = 'thrown'
      try {
        const end = await run(leased, tools)
        outcome = 'skipped' in end && end.skipped ? 'skipped' : end.outcome
        return end
      } finally {
        metrics.observe('dragoman_build_step_seconds', { step: leased.step, outcome }, (clock.now() - from) / 1000)
      }
    }
  return { queue: { ...queue, finish }, logs: { ...logs, append }, metered }
}
