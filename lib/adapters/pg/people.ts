import type { People } from '#lib/application/ports/people.ts'
import type { Person } from '#lib/domain/person.ts'
import { readAudit, writeAudit } from './audit.ts'
import type { Database, Sql } from './database.ts'
import { pgTokens } from './tokens.ts'

const PERSON = 'p.id, p.name, p.role'

export function pgPeople(database: Database): People {
  const { sql, transaction } = database
  return {
    ...pgTokens(database),

    async find(id) {
      const { rows } = await sql.query<Person>(`SELECT ${PERSON} FROM person p WHERE id = $1`, [id])
      return rows[0]
    },

    async list(max) {
      const { rows } = await sql.query<Person & { readonly createdAt: Date }>(
        `SELECT ${PERSON}, p.created_at AS "createdAt" FROM person p ORDER BY p.created_at, p.id LIMIT $1`,
        [max],
      )
      return rows
    },

    meet: ({ provider, subject }, person, note) =>
      transaction(async (sql) => {
        // Of two that come at once one waits here, and finds what the other made.
        await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${provider} ${subject}`])
        const known = await sql.query<Person>(
          `SELECT ${PERSON} FROM identity i JOIN person p ON p.id = i.person WHERE i.provider = $1 AND i.subject = $2`,
          [provider, subject],
        )
        if (known.rows[0]) return known.rows[0]
        await addPerson(sql, person)
        await sql.query('INSERT INTO identity (provider, subject, person) VALUES ($1, $2, $3)', [provider, subject, person.id])
        await writeAudit(sql, note, 'joined', person.id, { provider, subject, role: person.role })
        return person
      }),

    changeRole: (id, role, note) =>
      transaction(async (sql) => {
        // Admins' rows in one order, so that two of them cannot take each other's role at once.
        const admins = await sql.query<{ id: string }>(`SELECT id FROM person WHERE role = 'admin' ORDER BY id FOR UPDATE`)
        const isLast = admins.rows.length === 1 && admins.rows[0]?.id === id
        if (isLast && role !== 'admin') return false
        const { rows } = await sql.query<{ was: string }>(
          `UPDATE person SET role = $2 FROM (SELECT id, role AS was FROM person WHERE id = $1 FOR UPDATE) old
           WHERE person.id = old.id RETURNING old.was`,
          [id, role],
        )
        const was = rows[0]?.was
        if (was === undefined) return false
        if (was === role) return true
        await sql.query('DELETE FROM login WHERE person = $1', [id])
        await writeAudit(sql, note, 'role_changed', id, { was, is: role })
        return true
      }),

    logIn: (hash, person, seconds, note) =>
      transaction(async (sql) => {
        await sql.query('DELETE FROM login WHERE person = $1 AND expires_at < now()', [person])
        await sql.query(`INSERT INTO login (hash, person, expires_at) VALUES ($1, $2, now() + $3 * interval '1 second')`, [
          ...[hash, person],
          seconds,
        ])
        await writeAudit(sql, note, 'signed_in', person)
      }),

    async logOut(hash) {
      await sql.query('DELETE FROM login WHERE hash = $1', [hash])
    },

    async byLogin(hash) {
      const { rows } = await sql.query<Person>(
        `SELECT ${PERSON} FROM login l JOIN person p ON p.id = l.person WHERE l.hash = $1 AND l.expires_at > now()`,
        [hash],
      )
      return rows[0]
    },

    makeAdminLink: (hash, seconds) =>
      transaction(async (sql) => {
        await sql.query('DELETE FROM admin_link WHERE expires_at < now()')
        await sql.query(`INSERT INTO admin_link (hash, expires_at) VALUES ($1, now() + $2 * interval '1 second')`, [
          hash,
          seconds,
        ])
      }),

    useAdminLink: (hash, admin, note) =>
      transaction(async (sql) => {
        // The row goes, so of two who open it at once one finds nothing.
        const { rowCount } = await sql.query('DELETE FROM admin_link WHERE hash = $1 AND expires_at > now()', [hash])
        if (!rowCount) return undefined
        await addPerson(sql, admin)
        await writeAudit(sql, note, 'joined', admin.id, { provider: 'admin-link', role: admin.role })
        return admin
      }),

    async hasAdmin() {
      return Boolean((await sql.query(`SELECT FROM person WHERE role = 'admin' LIMIT 1`)).rowCount)
    },

    audit: (which) => readAudit(sql, which),
  }
}

async function addPerson(sql: Sql, { id, name, role }: Person): Promise<void> {
  await sql.query('INSERT INTO person (id, name, role) VALUES ($1, $2, $3)', [id, name, role])
}
