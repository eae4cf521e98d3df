import type { Artifact, Combination } from '#lib/domain/artifact.ts'
import type { TestResult } from '#lib/domain/build.ts'
import { combinationId } from '#lib/domain/build-inputs.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import type { Sql } from './database.ts'

/** Adds an artifact with what it was made of. The same bytes made again are the same artifact, as it was made first. */
export async function recordArtifact(sql: Sql, artifact: Artifact): Promise<void> {
  const [lang, config] = 'lang' in artifact ? [artifact.lang, artifact.config] : [null, null]
  const { digest, kind, size, facts, inputs } = artifact
  await sql.query(
    `INSERT INTO artifact (digest, kind, size, lang, config, facts) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [digest, kind, size, lang, config, facts],
  )
  await sql.query(
    'INSERT INTO artifact_input (output, input) SELECT $1, input FROM unnest($2::text[]) AS input ON CONFLICT DO NOTHING',
    [digest, inputs],
  )
}

export async function recordCombination(sql: Sql, { lang, image, config, agent }: Combination): Promise<Digest> {
  const id = combinationId(image, config, agent)
  await sql.query('INSERT INTO combination (id, lang, image, config, agent) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING', [
    id,
    lang,
    image,
    config,
    agent,
  ])
  return id
}

/** A test step that is tried again overwrites what it found before. */
export async function recordTests(sql: Sql, build: BuildId, combination: Digest, results: readonly TestResult[]): Promise<void> {
  await sql.query(
    `INSERT INTO test_run (build, "check", combination, outcome, ms, why)
     SELECT $1, "check", $2, outcome, ms, why
     FROM unnest($3::check_kind[], $4::check_outcome[], $5::int[], $6::text[]) AS result ("check", outcome, ms, why)
     ON CONFLICT (build, "check") DO UPDATE
     SET combination = excluded.combination, outcome = excluded.outcome, ms = excluded.ms, why = excluded.why, at = now()`,
    [
      build,
      combination,
      results.map(({ check }) => check),
      results.map(({ outcome }) => outcome),
      results.map(({ ms }) => Math.round(ms)),
      results.map(({ outcome, why }) => (outcome === 'ok' ? null : (why ?? 'no reason given').slice(0, 1000))),
    ],
  )
}
