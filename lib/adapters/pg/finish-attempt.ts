import type { AttemptEnd, AttemptEnded, FinishRefused } from '#lib/application/ports/build-queue.ts'
import { type AttemptKey, isTriedAgain, type Outcome, REASON_CHARS_MAX, retryPauseMs } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { Sql } from './database.ts'
import { recordArtifact, recordCombination, recordTests } from './record-artifacts.ts'
import { type Stop, stopReason } from './stop-build.ts'

type Held = {
  readonly stop_as: Stop['as'] | null
  readonly stop_by: string | null
  readonly outcome: Outcome | null
  readonly newest: number
  readonly beats: number
  readonly ended: Outcome | null
  /** Earlier attempts of the step that lost their places. */
  readonly lost_places: number
}

/** Ends an attempt and takes the build on, in one transaction. With `beats` only if its worker was not heard of since. */
export async function finishAttempt(
  sql: Sql,
  attempt: AttemptKey,
  end: AttemptEnd,
  beats?: number,
): Promise<Result<AttemptEnded, FinishRefused>> {
  const held = await hold(sql, attempt)
  if (!held || held.newest !== attempt.number) return err({ code: 'stale_attempt' })
  // Its first answer was lost. Who only heard nothing of it did not end it.
  if (beats === undefined && held.ended === end.outcome) return ok({ build: held.outcome ?? 'going_on' })
  if (held.ended !== null || (beats !== undefined && beats !== held.beats)) return err({ code: 'stale_attempt' })

  const stop = held.stop_as && { as: held.stop_as, reason: stopReason(held.stop_as, held.stop_by ?? '') }
  const outcome = end.outcome === 'ok' ? 'ok' : (stop?.as ?? end.outcome)
  const reason = end.outcome === 'ok' ? undefined : (stop?.reason ?? end.reason.slice(0, REASON_CHARS_MAX))
  const artifact = await record(sql, attempt, end)
  const placeLost = outcome === 'infra' && 'placeLost' in end && end.placeLost === true
  await sql.query(
    `UPDATE build_attempt SET ended_at = now(), outcome = $4, reason = $5, place_lost = $6
     WHERE build = $1 AND step = $2 AND number = $3`,
    [...keyOf(attempt), outcome, reason ?? null, placeLost],
  )
  await sql.query('NOTIFY dragoman_build')
  if (isTriedAgain(outcome, { number: attempt.number, lostPlaces: held.lost_places + Number(placeLost) })) {
    await tryAgain(sql, attempt)
    return ok({ build: 'going_on' })
  }
  await sql.query(
    `UPDATE build_step SET state = 'done', outcome = $3, ended_at = now(), artifact = $4, skipped = $5 WHERE build = $1 AND step = $2`,
    [attempt.build, attempt.step, outcome, artifact ?? null, 'skipped' in end && end.skipped === true],
  )
  if (outcome === 'ok' && !stop && (await nextIsReady(sql, attempt))) return ok({ build: 'going_on' })
  const whole = stop?.as ?? outcome
  await endBuild(sql, attempt, whole, stop?.reason ?? reason)
  return ok({ build: whole })
}

/** The build's row is locked first, by everybody who changes one, so that two never wait for each other. */
async function hold(sql: Sql, attempt: AttemptKey): Promise<Held | undefined> {
  await sql.query('SELECT FROM build WHERE id = $1 FOR UPDATE', [attempt.build])
  const { rows } = await sql.query<Held>(
    `SELECT b.stop_as, b.stop_by, b.outcome, s.attempts AS newest, a.beats, a.outcome AS ended,
       (SELECT count(*)::int FROM build_attempt WHERE build = b.id AND step = s.step AND place_lost) AS lost_places
     FROM build b JOIN build_step s ON s.build = b.id JOIN build_attempt a ON a.build = s.build AND a.step = s.step
     WHERE b.id = $1 AND s.step = $2 AND a.number = $3 FOR UPDATE OF a`,
    keyOf(attempt),
  )
  return rows[0]
}

/** What came of the attempt; answers the step's artifact. */
async function record(sql: Sql, { build }: AttemptKey, end: AttemptEnd): Promise<Digest | undefined> {
  if ('artifact' in end) {
    await recordArtifact(sql, end.artifact)
    return end.artifact.digest
  }
  if (end.tested) await recordTests(sql, build, await recordCombination(sql, end.tested), end.results ?? [])
  return undefined
}

async function tryAgain(sql: Sql, { build, step, number }: AttemptKey): Promise<void> {
  await sql.query(
    `UPDATE build_step SET state = 'ready', ready_at = now() + $3 * interval '1 millisecond' WHERE build = $1 AND step = $2`,
    [build, step, retryPauseMs(number)],
  )
}

async function nextIsReady(sql: Sql, { build, step }: AttemptKey): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE build_step SET state = 'ready', ready_at = now()
     WHERE build = $1 AND state = 'blocked' AND step = (SELECT min(step) FROM build_step WHERE build = $1 AND step > $2)`,
    [build, step],
  )
  if (rowCount) await sql.query('NOTIFY dragoman_queue')
  return Boolean(rowCount)
}

async function endBuild(sql: Sql, { build }: AttemptKey, outcome: Outcome, reason: string | undefined): Promise<void> {
  await sql.query('UPDATE build SET outcome = $2, reason = $3, ended_at = now() WHERE id = $1', [build, outcome, reason ?? null])
  await sql.query('NOTIFY dragoman_log')
}

const keyOf = ({ build, step, number }: AttemptKey) => [build, step, number]
