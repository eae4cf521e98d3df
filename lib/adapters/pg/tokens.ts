import type { People, TokenFacts } from '#lib/application/ports/people.ts'
import type { Person, Scope } from '#lib/domain/person.ts'
import { writeAudit } from './audit.ts'
import type { Database } from './database.ts'

type Row = {
  readonly [K in keyof TokenFacts]: undefined extends TokenFacts[K] ? Exclude<TokenFacts[K], undefined> | null : TokenFacts[K]
}
const COLUMNS = `id, name, scopes, created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt", used_at AS "usedAt"`
const facts = (row: Row): TokenFacts => ({ ...row, revokedAt: row.revokedAt ?? undefined, usedAt: row.usedAt ?? undefined })

/** A use is written down this often at most, in seconds: a busy program is no reason for a write each time. */
const USED_EVERY_S = 60

/** What a token is used for is looked up each time, the person's role too: both end at once when they are taken away. */
const BY_TOKEN = `
  WITH found AS (
    SELECT t.id AS token, t.used_at, t.scopes, p.id, p.name, p.role FROM api_token t JOIN person p ON p.id = t.person
    WHERE t.hash = $1 AND t.revoked_at IS NULL AND t.expires_at > now()
  ), used AS (
    UPDATE api_token SET used_at = now() FROM found
    WHERE api_token.id = found.token AND (found.used_at IS NULL OR found.used_at < now() - ${USED_EVERY_S} * interval '1 second')
  )
  SELECT id, name, role, scopes FROM found`

type Tokens = Pick<People, 'makeToken' | 'tokens' | 'revokeToken' | 'byToken'>

export const pgTokens = ({ sql, transaction }: Database): Tokens => ({
  makeToken: ({ id, hash, person, name, scopes, days }, note) =>
    transaction(async (sql) => {
      const { rows } = await sql.query<Row>(
        `INSERT INTO api_token (id, hash, person, name, scopes, expires_at)
         VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 day') RETURNING ${COLUMNS}`,
        [id, hash, person, name, scopes, days],
      )
      await writeAudit(sql, note, 'token_made', id, { scopes, days })
      const [made] = rows
      if (!made) throw new Error('Cannot make a token: no row came back')
      return facts(made)
    }),

  async tokens(person, max) {
    const { rows } = await sql.query<Row>(
      `SELECT ${COLUMNS} FROM api_token WHERE person = $1 ORDER BY created_at DESC, id LIMIT $2`,
      [person, max],
    )
    return rows.map(facts)
  },

  revokeToken: (id, person, note) =>
    transaction(async (sql) => {
      const { rowCount } = await sql.query(
        'UPDATE api_token SET revoked_at = now() WHERE id = $1 AND person = $2 AND revoked_at IS NULL',
        [id, person],
      )
      if (rowCount) await writeAudit(sql, note, 'token_revoked', id)
      return Boolean(rowCount)
    }),

  async byToken(hash) {
    const { rows } = await sql.query<Person & { readonly scopes: readonly Scope[] }>(BY_TOKEN, [hash])
    return rows.map(({ scopes, ...person }) => ({ person, scopes }))[0]
  },
})
