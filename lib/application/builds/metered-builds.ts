import type { BuildLogs } from '#lib/application/ports/build-logs.ts'
import type { AttemptEnded, BuildQueue } from '#lib/application/ports/build-queue.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { AttemptKey, Outcome } from '#lib/domain/build.ts'
import type { StepRunner } from './run-attempt.ts'

/**
 * The same queue and logs, and any runner, counted: builds by how they ended, and each try, so that one that went well in the
 * end does not hide those before it; what steps took, bytes of their logs.
 */
export function meteredBuilds<Logs extends Pick<BuildLogs, 'append'>>(
  { queue, logs }: { readonly queue: BuildQueue; readonly logs: Logs },
  { metrics, clock }: { readonly metrics: Metrics; readonly clock: Clock },
) {
  const tell = ({ step }: AttemptKey, outcome: Outcome, { build }: AttemptEnded) => {
    metrics.count('dragoman_build_attempts_total', { step, outcome })
    if (build !== 'going_on') metrics.count('dragoman_builds_total', { outcome: build })
  }
  const finish: BuildQueue['finish'] = async (attempt, end) => {
    const finished = await queue.finish(attempt, end)
    if (finished.ok) tell(attempt, end.outcome, finished.value)
    return finished
  }
  const lose: BuildQueue['lose'] = async (attempt, reason) => {
    const ended = await queue.lose(attempt, reason)
    if (ended) tell(attempt, 'infra', ended)
    return ended
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
  return { queue: { ...queue, finish, lose }, logs: { ...logs, append }, metered }
}
