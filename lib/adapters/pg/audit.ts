import type { AuditEvent, AuditNote } from '#lib/application/ports/people.ts'
import type { Sql } from './database.ts'

/** Writes down who did what, within the transaction that does it. */
export async function writeAudit(sql: Sql, { id, actor }: AuditNote, action: string, subject: string, facts: object = {}) {
  await sql.query('INSERT INTO audit_event (id, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5)', [
    ...[id, actor, action, subject],
    facts,
  ])
}

export async function readAudit(
  sql: Sql,
  { subject, before, max }: { readonly subject?: string; readonly before?: Date; readonly max: number },
): Promise<readonly AuditEvent[]> {
  const { rows } = await sql.query<AuditEvent>(
    `SELECT id, at, actor, action, subject, facts FROM audit_event
     WHERE ${subject === undefined ? '$1::text IS NULL' : 'subject = $1'} AND ($2::timestamptz IS NULL OR at < $2)
     ORDER BY at DESC, id LIMIT $3`,
    [subject ?? null, before ?? null, max],
  )
  return rows
}
