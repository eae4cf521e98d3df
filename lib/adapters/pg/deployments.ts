import type { Deployments, LanguageStatus, LiveDeployment, Tested, WhichTested } from '#lib/application/ports/deployments.ts'
import type { Outcome } from '#lib/domain/build.ts'
import type { Deployment } from '#lib/domain/deployment.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import type { Check } from '#lib/domain/language.ts'
import type { CheckResults } from '#lib/domain/regression.ts'
import { CHANNELS } from './announcements.ts'
import { writeAudit } from './audit.ts'
import { contradicts, type Database, type Sql } from './database.ts'

type Row = {
  readonly lang: LangId
  readonly number: number
  readonly id: Digest
  readonly kind: Deployment['kind']
  readonly restores: number | null
  readonly by: string
  readonly forced: readonly Check[]
  readonly at: Date
  readonly image: Digest
  readonly config: Digest
  readonly agent: string
}

export function pgDeployments({ sql, transaction }: Database): Deployments {
  return {
    async history(lang, max) {
      const { rows } = await sql.query<Row>(
        `SELECT d.lang, d.number, d.combination AS id, d.kind, d.restores, d.by, d.forced, d.at, c.image, c.config, c.agent
         FROM deployment d JOIN combination c ON c.id = d.combination WHERE d.lang = $1 ORDER BY d.number DESC LIMIT $2`,
        [lang, max],
      )
      return rows.map(deployment)
    },

    tested: (lang, which) => findTested(sql, lang, which),

    async add({ lang, number, id, kind, restores, by, forced }, auditId) {
      try {
        await transaction(async (sql) => {
          await sql.query(
            'INSERT INTO deployment (lang, number, combination, kind, restores, by, forced) VALUES ($1, $2, $3, $4, $5, $6, $7)',
            [lang, number, id, kind, restores ?? null, by, forced],
          )
          const facts = { number, combination: id, ...(restores && { restores }), ...(forced.length > 0 && { forced }) }
          await writeAudit(sql, { id: auditId, actor: by }, kind, lang, facts)
          await sql.query(`NOTIFY ${CHANNELS.deployment}`) // heard when all of it is committed
        })
        return true
      } catch (error) {
        if (contradicts(error) && error.constraint === 'deployment_pkey') return false
        throw error
      }
    },

    async live() {
      const { rows } = await sql.query<LiveDeployment>(
        `SELECT l.id AS lang, d.number, d.combination AS id, c.image, c.config, c.agent FROM language l
         JOIN LATERAL (SELECT number, combination FROM deployment WHERE lang = l.id ORDER BY number DESC LIMIT 1) d ON true
         JOIN combination c ON c.id = d.combination ORDER BY l.id`,
      )
      return rows
    },

    async config(digest) {
      const { rows } = await sql.query<{ text: string }>('SELECT text FROM config_version WHERE digest = $1', [digest])
      return rows[0]?.text
    },

    async status(langs) {
      const { rows } = await sql.query<StatusRow>(STATUS, [langs ?? null])
      return rows.map(status)
    },
  }
}

function deployment({ lang, id, image, config, agent, restores, ...rest }: Row): Deployment {
  return { ...rest, lang, id, restores: restores ?? undefined, combination: { lang, image, config, agent } }
}

async function findTested(sql: Sql, lang: LangId, which: WhichTested): Promise<Tested | undefined> {
  const [wanted, ...values] = idOf(which)
  const { rows } = await sql.query<Omit<Row, 'lang'> & { results: CheckResults | null }>(
    `SELECT c.id, c.image, c.config, c.agent, (
       SELECT json_object_agg("check", outcome) FROM (
         SELECT DISTINCT ON ("check") "check", outcome FROM test_run WHERE combination = c.id ORDER BY "check", at DESC
       ) newest
     ) AS results
     FROM combination c WHERE c.lang = $1 AND c.id = ${wanted}`,
    [lang, ...values],
  )
  return rows.map(({ id, image, config, agent, results }) => ({
    id,
    combination: { lang, image, config, agent },
    results: results ?? {},
  }))[0]
}

/** SQL of a combination's id, and what it asks of. */
function idOf(which: WhichTested): readonly [string, ...string[]] {
  if (which === 'newest') return [testedBy(newestGoodBuild('$1'))]
  return 'build' in which ? [testedBy('$2'), which.build] : ['$2', which.id]
}

/** A build tests one combination. */
const testedBy = (build: string) => `(SELECT combination FROM test_run WHERE build = ${build} LIMIT 1)`
const newestGoodBuild = (lang: string) =>
  `(SELECT id FROM build WHERE lang = ${lang} AND outcome = 'ok' ORDER BY requested_at DESC LIMIT 1)`

type StatusRow = {
  readonly lang: LangId
  readonly number: number | null
  readonly id: Digest
  readonly image: Digest
  readonly config: Digest
  readonly agent: string
  readonly by: string
  readonly at: Date
  readonly newest: Digest | null
  readonly build: BuildId | null
  readonly outcome: Outcome | null
  readonly requested_at: Date
}

const STATUS = `
  SELECT l.id AS lang, d.number, d.combination AS id, c.image, c.config, c.agent, d.by, d.at, b.id AS build, b.outcome, b.requested_at,
    ${testedBy(newestGoodBuild('l.id'))} AS newest
  FROM language l
  LEFT JOIN LATERAL (SELECT * FROM deployment WHERE lang = l.id ORDER BY number DESC LIMIT 1) d ON true
  LEFT JOIN combination c ON c.id = d.combination
  LEFT JOIN LATERAL (SELECT id, outcome, requested_at FROM build WHERE lang = l.id ORDER BY requested_at DESC LIMIT 1) b ON true
  WHERE $1::text[] IS NULL OR l.id = ANY ($1) ORDER BY l.id`

function status({
  lang,
  number,
  id,
  image,
  config,
  agent,
  by,
  at,
  newest,
  build,
  outcome,
  requested_at,
}: StatusRow): LanguageStatus {
  return {
    lang,
    live: number === null ? undefined : { number, id, combination: { lang, image, config, agent }, by, at },
    newest: newest ?? undefined,
    build: build === null ? undefined : { id: build, outcome: outcome ?? undefined, at: requested_at },
  }
}
