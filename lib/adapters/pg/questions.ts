import type { CameOf, CompiledBy, OnOldBase, Questions, Stale, TestedTogether, Used } from '#lib/application/ports/questions.ts'
import type { Database } from './database.ts'

/** What a language serves, if anything: one step down an index. */
const LIVE = `LEFT JOIN LATERAL (SELECT combination FROM deployment WHERE lang = l.id ORDER BY number DESC LIMIT 1) d ON true
  LEFT JOIN combination c ON c.id = d.combination`
const newestImage = (when: string) => `LEFT JOIN LATERAL (
    SELECT digest, created_at FROM artifact WHERE ${when} AND kind = 'image' AND lang = l.id ORDER BY created_at DESC LIMIT 1
  ) newest ON true`
/** The live one, or the newest while nothing is; then alone the newest is looked for. */
const ITS_IMAGE = `${LIVE} ${newestImage('c.id IS NULL')}
  CROSS JOIN LATERAL (SELECT coalesce(c.image, newest.digest) AS digest) image`

const STALE = `
  SELECT l.id AS lang, a.created_at AS "liveBuiltAt", newest.created_at AS "newestBuiltAt"
  FROM language l ${LIVE} LEFT JOIN artifact a ON a.digest = c.image ${newestImage('true')}
  WHERE a.created_at IS NULL OR a.created_at < now() - $1 * interval '1 day'
  ORDER BY a.created_at NULLS FIRST, l.id`

const COMPILED_BY = `
  SELECT l.id AS lang, a.digest AS image, c.id IS NOT NULL AS "isLive", a.created_at AS "builtAt", a.config, v.text,
    CASE WHEN c.config <> a.config THEN c.config END AS "runsWith"
  FROM language l ${ITS_IMAGE} JOIN artifact a ON a.digest = image.digest JOIN config_version v ON v.digest = a.config
  WHERE l.id = $1`

// An image has one base. The limit says so: without it the planner begins at the bases, and reads all that was made of them.
const ON_OLD_BASE = `
  SELECT l.id AS lang, image.digest AS image, c.id IS NOT NULL AS "isLive", base.digest AS base, base.created_at AS "baseMadeAt",
    base.facts->>'distribution' AS distribution, base.facts->>'release' AS release
  FROM language l ${ITS_IMAGE}
  JOIN LATERAL (
    SELECT a.digest, a.created_at, a.facts FROM artifact_input i JOIN artifact a ON a.digest = i.input
    WHERE i.output = image.digest AND a.kind = 'base' LIMIT 1
  ) base ON base.digest <> (SELECT digest FROM artifact WHERE kind = 'base' AND lang IS NULL ORDER BY created_at DESC LIMIT 1)
  ORDER BY base.created_at, l.id`

const TESTED_TOGETHER = `
  SELECT c.id, c.image, c.config, c.agent, t.checks, t.at AS "testedAt", c.id = d.combination IS TRUE AS "isLive"
  FROM combination c
  LEFT JOIN LATERAL (SELECT combination FROM deployment WHERE lang = $1 ORDER BY number DESC LIMIT 1) d ON true
  JOIN LATERAL (
    SELECT array_agg("check"::text ORDER BY "check") FILTER (WHERE outcome = 'ok') AS checks, max(at) AS at,
      bool_and(outcome IN ('ok', 'skipped')) AS is_good
    FROM (SELECT DISTINCT ON ("check") "check", outcome, at FROM test_run WHERE combination = c.id ORDER BY "check", at DESC) newest
  ) t ON t.is_good AND t.checks IS NOT NULL
  WHERE c.lang = $1 ORDER BY t.at DESC, c.id`

const MOST_USED = `
  SELECT l.id AS lang, c.image, c.agent, coalesce(s.sessions, 0)::int AS sessions
  FROM language l ${LIVE}
  LEFT JOIN (SELECT lang, count(*) AS sessions FROM session WHERE started_at > now() - $1 * interval '1 day' GROUP BY lang) s
    ON s.lang = l.id
  WHERE c.id IS NOT NULL ORDER BY sessions DESC, l.id LIMIT $2`

const CAME_OF = `
  SELECT b.id AS build, b.lang, b.outcome, b.reason, b.ended_at AS "endedAt",
    concat_ws(' ', base.facts->>'distribution', base.facts->>'release') AS base,
    image.size::float8 AS "imageBytes", image.facts->>'version' AS version, coalesce(t.results, '[]') AS results
  FROM build b
  LEFT JOIN artifact base ON base.digest = b.inputs->>'base'
  LEFT JOIN build_step s ON s.build = b.id AND s.step = 'image'
  LEFT JOIN artifact image ON image.digest = s.artifact
  LEFT JOIN LATERAL (
    SELECT json_agg(json_strip_nulls(json_build_object('check', "check", 'outcome', outcome, 'why', why)) ORDER BY "check") AS results
    FROM test_run WHERE build = b.id
  ) t ON true
  WHERE b.id = ANY ($1::bpchar[]) AND b.outcome IS NOT NULL ORDER BY b.lang, b.id`

export function pgQuestions({ sql }: Database): Questions {
  /** The casts are safe: each statement's columns are its answer's fields; what SQL has as null is left out. */
  const ask = async <Answer extends object>(query: string, values: readonly unknown[] = []): Promise<Answer[]> => {
    const { rows } = await sql.query<Answer>(query, [...values])
    return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Answer)
  }
  return {
    stale: (days) => ask<Stale>(STALE, [days]),
    compiledBy: async (lang) => (await ask<CompiledBy>(COMPILED_BY, [lang]))[0],
    mostUsed: (days, max) => ask<Used>(MOST_USED, [days, max]),
    cameOf: (builds) => ask<CameOf>(CAME_OF, [builds]),
    onOldBase: () => ask<OnOldBase>(ON_OLD_BASE),
    testedTogether: (lang) => ask<TestedTogether>(TESTED_TOGETHER, [lang]),
  }
}
