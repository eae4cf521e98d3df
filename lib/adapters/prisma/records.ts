import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'

import type { Records } from '#lib/application/ports/records.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import { Prisma, PrismaClient } from '../../../prisma/generated/client.ts'
import { liveRow, sessionRecord, sessionRow } from './session-row.ts'

/** Connections of one server; a lease takes a millisecond, so a few serve hundreds of starts a second. */
const CONNECTIONS_MAX = 8

export type PrismaRecordsOptions = {
  readonly url: string
  /** After this a call rejects, wherever it hangs. */
  readonly timeoutMs: number
}

/** Records in PostgreSQL. Connections are made when needed, so the database may come late, go away and come back. */
export function prismaRecords({ url, timeoutMs }: PrismaRecordsOptions): Records & { close(): Promise<void> } {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    statement_timeout: timeoutMs,
    keepAlive: true,
  })
  // The pool drops a connection that broke while idle. Whoever calls next finds out whether there is another.
  const db = new PrismaClient({ adapter: new PrismaPg(pool, { onPoolError: () => undefined, disposeExternalPool: true }) })
  const call = <T>(what: string, work: PromiseLike<T>) => within(what, work, timeoutMs)

  return {
    async sessionOpened(record) {
      await call('open a session', db.session.create({ data: sessionRow(record), select: { id: true } }))
    },

    async sessionEnded(id, reason) {
      const data = { reason, endedAt: new Date() }
      await call('end a session', db.session.updateMany({ where: { id, endedAt: null }, data })) // none when it has a reason
    },

    async liveSessions() {
      const rows = await call(
        'list sessions',
        db.session.findMany({ where: { endedAt: null }, orderBy: { startedAt: 'asc' }, select: liveRow }),
      )
      return rows.map(sessionRecord)
    },

    async memberReady({ sandbox, key, lang }) {
      const data = [{ sandbox, key, lang: lang ?? null }]
      await call('add a pool member', db.poolMember.createMany({ data, skipDuplicates: true }))
    },

    async lease(lang, session) {
      // `IS NULL` and `=`, not `IS NOT DISTINCT FROM`: only these use the index.
      const kind = lang === undefined ? Prisma.sql`lang IS NULL` : Prisma.sql`lang = ${lang}`
      const rows = await call(
        'lease a pool member',
        db.$queryRaw<{ sandbox: SandboxId }[]>`
          UPDATE pool_member SET leased_by = ${session}, leased_at = now()
          WHERE sandbox = (
            SELECT sandbox FROM pool_member WHERE ${kind} AND leased_by IS NULL
            ORDER BY ready_at, sandbox FOR UPDATE SKIP LOCKED LIMIT 1
          )
          RETURNING sandbox`,
      )
      return rows[0]?.sandbox
    },

    async memberGone(sandbox) {
      await call('remove a pool member', db.poolMember.deleteMany({ where: { sandbox } }))
    },

    async forgetMembers() {
      await call('forget the pool', db.poolMember.deleteMany())
    },

    async ping() {
      await call('ask the database', db.$queryRaw`SELECT 1`)
    },

    close: () => db.$disconnect(),
  }
}

/** Waiting for a free connection, connecting and the query each have a time limit of their own; this one is for them all. */
async function within<T>(what: string, work: PromiseLike<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`No answer in ${timeoutMs} ms`)), timeoutMs)
  try {
    return await Promise.race([work, late.promise])
  } catch (error) {
    throw new Error(`Cannot ${what} in the database`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
