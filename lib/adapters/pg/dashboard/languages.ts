import type { LanguageOverview, Overview, OverviewCounts, Overviews } from '#lib/application/ports/overviews.ts'
import { type Attention, ATTENTIONS, STALE_DAYS } from '#lib/domain/attention.ts'
import type { Outcome } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import type { Sort } from '#lib/domain/overview-query.ts'
import type { CheckResults } from '#lib/domain/regression.ts'
import type { Sql } from '../database.ts'

const ORDER: Readonly<Record<Sort, string>> = {
  name: 'lower(name)',
  version: 'version',
  base: 'base_made_at',
  agent: 'agent_made_at',
  size: 'image_bytes',
  built: 'built_at',
  builds: 'open_builds',
}

/** Written so, no language is looked for in the whole of a table: each step goes down an index. */
const ROWS = `
  SELECT n.lang, n.name, d.number, d.at AS live_at, d.by, a.digest AS image, v.config, v.agent, release.created_at AS agent_made_at,
    a.created_at AS built_at, a.size::float8 AS image_bytes, a.facts->>'version' AS version,
    base.digest AS base, concat_ws(' ', base.facts->>'distribution', base.facts->>'release') AS base_name, base.created_at AS base_made_at,
    coalesce(t.checks, '{}') AS checks, coalesce(open.count, 0) AS open_builds, b.id AS build, b.outcome,
    array_remove(ARRAY[
      CASE WHEN b.outcome IN ('failed', 'timeout') OR t.is_bad THEN 'failing' END,
      CASE WHEN t.checks IS NULL THEN 'untested' END,
      CASE WHEN base.digest <> (SELECT digest FROM newest_base) THEN 'old-base' END,
      CASE WHEN a.created_at < now() - ${STALE_DAYS} * interval '1 day' THEN 'stale' END
    ], NULL) AS needs
  FROM named n
  LEFT JOIN LATERAL (SELECT * FROM deployment WHERE lang = n.lang ORDER BY number DESC LIMIT 1) d ON true
  LEFT JOIN combination live ON live.id = d.combination
  LEFT JOIN LATERAL (
    SELECT digest FROM artifact WHERE live.id IS NULL AND kind = 'image' AND lang = n.lang ORDER BY created_at DESC LIMIT 1
  ) newest ON true
  LEFT JOIN LATERAL (
    SELECT * FROM combination WHERE live.id IS NULL AND image = newest.digest ORDER BY created_at DESC LIMIT 1
  ) tried ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(live.id, tried.id) AS id, coalesce(live.image, newest.digest) AS image,
      coalesce(live.config, tried.config) AS config, coalesce(live.agent, tried.agent) AS agent
  ) v
  LEFT JOIN artifact a ON a.digest = v.image
  LEFT JOIN agent_release release ON release.version = v.agent
  LEFT JOIN LATERAL (
    SELECT o.digest, o.facts, o.created_at FROM artifact_input i JOIN artifact o ON o.digest = i.input
    WHERE i.output = v.image AND o.kind = 'base' LIMIT 1
  ) base ON true
  LEFT JOIN LATERAL (
    SELECT json_object_agg("check", outcome) AS checks, bool_or(outcome IN ('failed', 'timeout')) AS is_bad
    FROM (SELECT DISTINCT ON ("check") "check", outcome FROM test_run WHERE combination = v.id ORDER BY "check", at DESC) newest
  ) t ON true
  LEFT JOIN open ON open.lang = n.lang
  LEFT JOIN LATERAL (
    SELECT id, outcome FROM build WHERE lang = n.lang AND outcome IS NOT NULL ORDER BY requested_at DESC LIMIT 1
  ) b ON true`

const statement = (sort: Sort, isDown: boolean) => `
  WITH newest_base AS (SELECT digest FROM artifact WHERE kind = 'base' AND lang IS NULL ORDER BY created_at DESC LIMIT 1),
  named AS (
    SELECT coalesce(l.id, k.id) AS lang, coalesce(k.name, l.id) AS name
    FROM language l FULL JOIN unnest($1::text[], $2::text[]) AS k (id, name) ON k.id = l.id
    WHERE $3::text[] IS NULL OR coalesce(l.id, k.id) = ANY ($3)
  ),
  open AS (SELECT lang, count(*)::int AS count FROM build WHERE outcome IS NULL GROUP BY lang),
  rows AS MATERIALIZED (${ROWS}),
  counts AS (
    SELECT json_build_object('all', count(*), 'any', count(*) FILTER (WHERE needs <> '{}')
      ${Object.keys(ATTENTIONS)
        .map((need) => `, '${need}', count(*) FILTER (WHERE '${need}' = ANY (needs))`)
        .join('')}) AS counts FROM rows
  )
  SELECT counts, found.* FROM counts LEFT JOIN LATERAL (
    SELECT * FROM rows
    WHERE ($4 = '' OR position($4 IN lower(name)) > 0 OR position($4 IN lang) > 0)
      AND ($5::text IS NULL OR $5 = ANY (needs) OR ($5 = 'any' AND needs <> '{}'))
  ) found ON true
  ORDER BY ${ORDER[sort]} ${isDown ? 'DESC' : 'ASC'} NULLS LAST, lower(name), lang`

type Row = {
  readonly counts: OverviewCounts
  /** Null in the one row of an answer without languages. */
  readonly lang: LangId | null
  readonly name: string
  readonly number: number | null
  readonly live_at: Date
  readonly by: string
  readonly image: Digest | null
  readonly config: Digest | null
  readonly agent: string | null
  readonly built_at: Date | null
  readonly image_bytes: number | null
  readonly version: string | null
  readonly base: Digest | null
  readonly base_name: string
  readonly checks: CheckResults
  readonly open_builds: number
  readonly build: BuildId | null
  readonly outcome: Outcome | null
  readonly needs: readonly Attention[]
}

export async function findLanguages(
  sql: Sql,
  ...[{ words, needs, sort, isDown }, known, only]: Parameters<Overviews['languages']>
): Promise<Overview> {
  const { rows } = await sql.query<Row>(statement(sort, isDown), [
    known.map(({ id }) => id),
    known.map(({ name }) => name),
    only ?? null,
    words.toLowerCase(),
    needs ?? null,
  ])
  const [first] = rows
  if (!first) throw new Error('Cannot list languages: the statement always has a row')
  return { counts: first.counts, languages: rows.flatMap(({ lang, ...row }) => (lang === null ? [] : [language(lang, row)])) }
}

const language = (lang: LangId, row: Omit<Row, 'lang'>): LanguageOverview => ({
  lang,
  name: row.name,
  live: row.number === null ? undefined : { number: row.number, at: row.live_at, by: row.by },
  image: row.image ?? undefined,
  config: row.config ?? undefined,
  agent: row.agent ?? undefined,
  builtAt: row.built_at ?? undefined,
  imageBytes: row.image_bytes ?? undefined,
  version: row.version ?? undefined,
  base: row.base === null ? undefined : { digest: row.base, name: row.base_name },
  checks: row.checks,
  openBuilds: row.open_builds,
  ended: row.build === null || row.outcome === null ? undefined : { id: row.build, outcome: row.outcome },
  needs: row.needs,
})
