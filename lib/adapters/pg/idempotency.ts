import type { Idempotency, KeptAnswer } from '#lib/application/ports/idempotency.ts'
import type { Database } from './database.ts'

/** Keys are kept so long; who repeats a request does so within the day. */
const KEPT = `interval '1 day'`
/** Whoever began and said nothing for so long is gone. No request takes half of it. */
const AT_WORK = `interval '1 minute'`

type Row = { readonly request: string; readonly status: number | null; readonly answer: unknown }

export const pgIdempotency = ({ sql }: Database): Idempotency => ({
  async begin(person, key, request) {
    await sql.query(`DELETE FROM idempotency_key WHERE begun_at < now() - ${KEPT}`)
    const { rowCount } = await sql.query(
      `INSERT INTO idempotency_key AS k (person, key, request) VALUES ($1, $2, $3)
       ON CONFLICT (person, key) DO UPDATE SET begun_at = now()
       WHERE k.status IS NULL AND k.request = excluded.request AND k.begun_at < now() - ${AT_WORK}`,
      [person, key, request],
    )
    if (rowCount) return { kind: 'first' }
    const { rows } = await sql.query<Row>('SELECT request, status, answer FROM idempotency_key WHERE person = $1 AND key = $2', [
      person,
      key,
    ])
    const [found] = rows
    if (found && found.request !== request) return { kind: 'other' }
    if (!found || found.status === null) return { kind: 'at_work' }
    return { kind: 'again', kept: { status: found.status, answer: found.answer } }
  },

  async keep(person, key, { status, answer }: KeptAnswer) {
    await sql.query('UPDATE idempotency_key SET status = $3, answer = $4 WHERE person = $1 AND key = $2', [
      ...[person, key, status],
      JSON.stringify(answer),
    ])
  },

  async drop(person, key) {
    await sql.query('DELETE FROM idempotency_key WHERE person = $1 AND key = $2 AND status IS NULL', [person, key])
  },
})
