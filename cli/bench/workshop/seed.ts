import pg from 'pg'

export const LANGUAGES = 1000
export const BUILDS_EACH = 100
/** Every fifth good build was promoted; a tenth of all builds failed a check. */
const DEPLOYED_EVERY = 5
const FAILED_EVERY = 10
/** A new base every eleven builds; nobody has built on the last one yet. */
const BASES = 10

const digest = (kind: string, of: string) => `'sha256:' || encode(sha256(convert_to('${kind} ' || ${of}, 'UTF8')), 'hex')`
const NTH = `l || '/' || n`
const BUILD = `'b' || substr(encode(sha256(convert_to('build ' || ${NTH}, 'UTF8')), 'hex'), 1, 16)`
const LANG = `'lang' || l`
/** Builds of a language lie a day apart, the last is of today; no two languages build in the same instant. */
const AT = `now() - (${BUILDS_EACH} - n) * interval '1 day' - l * interval '1 second'`
const each = (languages: number) => `generate_series(1, ${languages}) l, generate_series(1, ${BUILDS_EACH}) n`
const IS_GOOD = `n % ${FAILED_EVERY} <> 0`

/** In this order. Keys to other tables are not looked up one by one: the statements make both sides by the same formula. */
const statements = (languages: number, every = each(languages)) => [
  `INSERT INTO language (id) SELECT ${LANG} FROM generate_series(1, ${languages}) l`,
  `INSERT INTO config_version (digest, lang, text, created_at)
   SELECT ${digest('config', NTH)}, ${LANG}, repeat('text of a config' || chr(10), 100), ${AT} FROM ${every}`,
  `INSERT INTO artifact (digest, kind, size, facts, created_at)
   SELECT ${digest('base', 'n')}, 'base', 1, '{"distribution": "debian", "release": "13"}', now() - (${BASES} - n) * interval '10 days'
   FROM generate_series(1, ${BASES}) n`,
  `INSERT INTO artifact (digest, kind, size, facts) SELECT ${digest('agent', `''`)}, 'agent', 1, '{}'`,
  `INSERT INTO agent_release (version, digest) SELECT '1', ${digest('agent', `''`)}`,
  ...['package', 'image'].map(
    (kind) => `INSERT INTO artifact (digest, kind, size, lang, config, facts, created_at)
      SELECT ${digest(kind, NTH)}, '${kind}', 1, ${LANG}, ${digest('config', NTH)}, '{"version": "1"}', ${AT} FROM ${every}`,
  ),
  ...['package', 'image'].map(
    (kind) => `INSERT INTO artifact_input (output, input)
      SELECT ${digest(kind, NTH)}, ${digest('base', `((n - 1) * ${BASES - 1} / ${BUILDS_EACH} + 1)`)} FROM ${every}`,
  ),
  `INSERT INTO artifact_input (output, input) SELECT ${digest('image', NTH)}, ${digest('package', NTH)} FROM ${every}`,
  `INSERT INTO combination (id, lang, image, config, agent, created_at)
   SELECT ${digest('combination', NTH)}, ${LANG}, ${digest('image', NTH)}, ${digest('config', NTH)}, '1', ${AT} FROM ${every}`,
  `INSERT INTO builder (name, slots) VALUES ('bench', 1)`,
  `INSERT INTO build (id, lang, config, from_step, inputs, inputs_hash, requested_by, requested_at, outcome, reason, ended_at)
   SELECT ${BUILD}, ${LANG}, ${digest('config', NTH)}, 'package', '{}', ${digest('inputs', NTH)}, 'bench', ${AT},
     CASE WHEN ${IS_GOOD} THEN 'ok' ELSE 'failed' END::outcome, CASE WHEN NOT ${IS_GOOD} THEN 'run failed' END, ${AT} FROM ${every}`,
  `INSERT INTO build_step (build, step, state, timeout_ms, attempts, outcome, artifact, ended_at)
   SELECT ${BUILD}, step, 'done', 1000, 1, CASE WHEN step < 'test' OR ${IS_GOOD} THEN 'ok' ELSE 'failed' END::outcome,
     CASE step WHEN 'package' THEN ${digest('package', NTH)} WHEN 'image' THEN ${digest('image', NTH)} END, ${AT}
   FROM ${every}, unnest(enum_range(NULL::step)) step`,
  `INSERT INTO build_attempt (build, step, number, builder, leased_at, ended_at, outcome, reason)
   SELECT build, step, 1, 'bench', ended_at, ended_at, outcome, CASE WHEN outcome <> 'ok' THEN 'run failed' END FROM build_step`,
  `INSERT INTO test_run (build, "check", combination, outcome, ms, why, at)
   SELECT ${BUILD}, "check", ${digest('combination', NTH)}, CASE WHEN "check" <> 'run' OR ${IS_GOOD} THEN 'ok' ELSE 'failed' END::check_outcome, 100,
     CASE WHEN "check" = 'run' AND NOT ${IS_GOOD} THEN 'no output' END, ${AT}
   FROM ${every}, unnest(enum_range(NULL::check_kind)) "check"`,
  `INSERT INTO deployment (lang, number, combination, kind, by, forced, at)
   SELECT ${LANG}, row_number() OVER (PARTITION BY l ORDER BY n), ${digest('combination', NTH)}, 'promote', 'bench', '{}', ${AT}
   FROM ${every} WHERE ${IS_GOOD} AND n % ${DEPLOYED_EVERY} = l % ${DEPLOYED_EVERY}`,
  'VACUUM ANALYZE',
]

/** So many languages with a hundred builds each, as the owner of the cluster, who may pass over the checks of keys. */
export async function seed(adminUrl: string, languages = LANGUAGES): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(`SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '64MB'`)
    for (const statement of statements(languages)) await client.query(statement)
  } finally {
    await client.end()
  }
}
