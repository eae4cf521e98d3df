import type { Artifacts } from '#lib/application/ports/artifacts.ts'
import type { Artifact, ArtifactFacts, ArtifactKind } from '#lib/domain/artifact.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { Database } from './database.ts'
import { recordArtifact } from './record-artifacts.ts'

type Row = {
  readonly digest: Digest
  readonly kind: ArtifactKind
  readonly size: string
  readonly lang: LangId
  readonly config: Digest
  readonly facts: ArtifactFacts
  readonly created_at: Date
  readonly inputs: readonly Digest[]
}

type ReleaseRow = Pick<Row, 'digest' | 'size' | 'facts' | 'created_at'> & { readonly version: string }

const SELECT = `SELECT a.*, ARRAY(SELECT input FROM artifact_input WHERE output = a.digest ORDER BY input) AS inputs FROM artifact a`

export function pgArtifacts({ sql, transaction }: Database): Artifacts {
  return {
    record: (artifact) => transaction((sql) => recordArtifact(sql, artifact)),

    release: (version, agent) =>
      transaction(async (sql) => {
        await recordArtifact(sql, agent)
        await sql.query('INSERT INTO agent_release (version, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
          version,
          agent.digest,
        ])
        const same = 'SELECT FROM agent_release WHERE version = $1 AND digest = $2'
        return Boolean((await sql.query(same, [version, agent.digest])).rowCount)
      }),

    async releases(version) {
      const { rows } = await sql.query<ReleaseRow>(
        `SELECT r.version, r.digest, r.created_at, a.size, a.facts FROM agent_release r JOIN artifact a USING (digest)
         WHERE $1::text IS NULL OR r.version = $1 ORDER BY r.created_at DESC, r.version`,
        [version],
      )
      return rows.map(({ version, digest, size, facts, created_at }) => {
        return { version, digest, size: Number(size), facts, madeAt: created_at }
      })
    },

    async find(digest) {
      const { rows } = await sql.query<Row>(`${SELECT} WHERE a.digest = $1`, [digest])
      return rows.map(dated)[0]
    },

    async bases() {
      const { rows } = await sql.query<Row>(`${SELECT} WHERE a.kind = 'base' AND a.lang IS NULL ORDER BY a.created_at DESC`)
      return rows.map(dated)
    },

    async madeLike(kind, lang, recipe) {
      // A language has few of a kind, by an index; which of them is read from the row.
      const { rows } = await sql.query<Row>(
        `${SELECT} WHERE a.kind = $1 AND a.lang = $2 AND a.facts->>'recipe' = $3 ORDER BY a.created_at DESC LIMIT 1`,
        [kind, lang, recipe],
      )
      return rows.map(artifact)[0]
    },

    async learn(digest, facts) {
      await sql.query('UPDATE artifact SET facts = facts || $2 WHERE digest = $1', [digest, facts])
    },

    async newest(kind: ArtifactKind, lang?: LangId) {
      // `IS NULL` and `=`, not `IS NOT DISTINCT FROM`: only these use the index.
      const { rows } = await sql.query<{ digest: Digest }>(
        `SELECT digest FROM artifact WHERE kind = $1 AND ${lang ? 'lang = $2' : 'lang IS NULL'} ORDER BY created_at DESC LIMIT 1`,
        lang ? [kind, lang] : [kind],
      )
      return rows[0]?.digest
    },
  }
}

const dated = (row: Row) => ({ ...artifact(row), madeAt: row.created_at })

function artifact({ kind, digest, size, facts, inputs, lang, config }: Row): Artifact {
  const made = { digest, size: Number(size), facts, inputs }
  return kind === 'base' || kind === 'agent' ? { ...made, kind } : { ...made, kind, lang, config }
}
