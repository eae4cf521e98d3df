import type { BaseOverview, DeployedText, Mark, Overviews } from '#lib/application/ports/overviews.ts'
import type { Database, Sql } from '../database.ts'
import { pgDeployments } from '../deployments.ts'
import { findBuildDetail, findBuilds } from './builds.ts'
import { buildFigures, checkHistory, dayFigures, queueFigures } from './figures.ts'
import { findLanguages } from './languages.ts'

/** What the public pages read, from a database of their own connections, so that no page waits in front of a session. */
export function pgOverviews(database: Database): Overviews {
  const { sql } = database
  const deployments = pgDeployments(database)
  return {
    languages: (...asked) => findLanguages(sql, ...asked),
    history: (lang, max) => deployments.history(lang, max),
    config: (digest) => deployments.config(digest),
    checks: (lang) => checkHistory(sql, lang),
    buildFigures: (lang, max) => buildFigures(sql, lang, max),
    builds: (...asked) => findBuilds(sql, ...asked),
    build: (id) => findBuildDetail(sql, id),
    dayFigures: (days) => dayFigures(sql, days),
    queueFigures: (hours) => queueFigures(sql, hours),
    marks: () => marks(sql),

    async deployed(lang, numbers) {
      const { rows } = await sql.query<DeployedText>(
        `SELECT d.number, v.text AS config, coalesce(a.facts->'packages', '{}') AS packages
         FROM deployment d JOIN combination c ON c.id = d.combination JOIN config_version v ON v.digest = c.config
         JOIN artifact a ON a.digest = c.image WHERE d.lang = $1 AND d.number = ANY ($2)`,
        [lang, numbers],
      )
      return rows
    },

    async bases() {
      const { rows } = await sql.query<BaseOverview>(
        `WITH live AS (
           SELECT base.digest, l.id AS lang FROM language l
           JOIN LATERAL (SELECT combination FROM deployment WHERE lang = l.id ORDER BY number DESC LIMIT 1) d ON true
           JOIN combination c ON c.id = d.combination
           JOIN LATERAL (
             SELECT o.digest FROM artifact_input i JOIN artifact o ON o.digest = i.input
             WHERE i.output = c.image AND o.kind = 'base' LIMIT 1
           ) base ON true
         )
         SELECT a.digest, concat_ws(' ', a.facts->>'distribution', a.facts->>'release') AS name, a.size::float8 AS bytes,
           a.created_at AS "madeAt", ARRAY(SELECT lang::text FROM live WHERE live.digest = a.digest ORDER BY lang) AS languages
         FROM artifact a WHERE a.kind = 'base' AND a.lang IS NULL ORDER BY a.created_at DESC`,
      )
      return rows
    },
  }
}

async function marks(sql: Sql): Promise<readonly Mark[]> {
  // The cast is safe: each part of the statement gives one kind of mark.
  const { rows } = await sql.query<Mark>(
    `SELECT 'lang' AS kind, l.id, NULL AS lang, b.id AS build, concat_ws(' ', d.number, b.id, b.outcome) AS mark FROM language l
     LEFT JOIN LATERAL (SELECT number FROM deployment WHERE lang = l.id ORDER BY number DESC LIMIT 1) d ON true
     LEFT JOIN LATERAL (SELECT id, outcome FROM build WHERE lang = l.id ORDER BY requested_at DESC LIMIT 1) b ON true
     UNION ALL
     SELECT 'build', b.id, b.lang, NULL, concat_ws(' ', b.stop_as, string_agg(s.step::text || s.state || s.attempts, ' ' ORDER BY s.step))
     FROM build b JOIN build_step s ON s.build = b.id WHERE b.outcome IS NULL GROUP BY b.id
     UNION ALL
     SELECT 'bases', '', NULL, NULL, coalesce(max(created_at)::text, '') FROM artifact WHERE kind = 'base' AND lang IS NULL
     UNION ALL
     SELECT 'agents', '', NULL, NULL, coalesce(max(created_at)::text, '') FROM agent_release`,
  )
  return rows
}
