import type { Records, SessionRecord } from '#lib/application/ports/records.ts'
import type { SessionId } from '#lib/domain/ids.ts'
import { err, ok } from '#lib/domain/result.ts'
import { Prisma } from '../../../prisma/generated/client.ts'
import type { Calls } from './calls.ts'
import { type LiveRow, LIVE_COLUMNS, sessionRecord, sessionRow } from './session-row.ts'

type SessionRecords = Pick<
  Records,
  'sessionOpened' | 'sessionEnded' | 'sessionIsHeld' | 'takeSession' | 'takeOrphans' | 'expireSessions'
>

export function sessionRecords({ db, call }: Calls): SessionRecords {
  return {
    async sessionOpened(record) {
      const { sandbox } = record
      const opened = db.$transaction([
        db.poolMember.deleteMany({ where: { sandbox } }),
        db.place.deleteMany({ where: { session: record.id } }),
        db.session.createMany({ data: [sessionRow(record)], skipDuplicates: true }),
      ])
      const [, , { count }] = await call('open a session', opened)
      if (count === 0 && !(await held(record))) throw new Error(`Cannot open a session: sandbox "${sandbox}" had another`)
    },

    async sessionEnded(id, reason) {
      const data = { reason, endedAt: new Date() }
      await call('end a session', db.session.updateMany({ where: { id, endedAt: null }, data })) // none when it has a reason
    },

    async sessionIsHeld(id, epoch) {
      const found = db.session.findFirst({ where: { id, epoch, endedAt: null }, select: { id: true } })
      return (await call('look a session up', found)) !== null
    },

    async takeSession(id, tokenHash, owner) {
      const taken = await take(Prisma.sql`id = ${id} AND token_hash = ${tokenHash} AND ended_at IS NULL`, owner)
      if (taken[0]) return ok(taken[0])
      const why = db.session.findUnique({ where: { id }, select: { tokenHash: true, reason: true } })
      const row = await call('look a session up', why)
      if (!row) return err({ code: 'no_session' })
      if (row.tokenHash !== tokenHash) return err({ code: 'bad_token' })
      return err(row.reason === null ? { code: 'no_session' } : { code: 'session_ended', reason: row.reason })
    },

    takeOrphans(owner, of, max) {
      const whose = of === 'everybody' ? Prisma.sql`owner <> ${owner}` : Prisma.sql`owner = ANY(${[...of]})`
      const some = Prisma.sql`SELECT id FROM session WHERE ended_at IS NULL AND ${whose} ORDER BY started_at FOR UPDATE SKIP LOCKED LIMIT ${max}`
      return take(Prisma.sql`id IN (${some})`, owner)
    },

    async expireSessions(afterEndMs) {
      const over = Prisma.sql`life_ends_at <= now() - make_interval(secs => ${afterEndMs / 1000}::float8)`
      await call(
        'expire sessions',
        db.$executeRaw`UPDATE session SET ended_at = now(), reason = 'lost' WHERE ended_at IS NULL AND ${over}`,
      )
    },
  }

  async function take(which: Prisma.Sql, owner: string): Promise<SessionRecord[]> {
    const rows = await call(
      'take a session over',
      db.$queryRaw<LiveRow[]>`UPDATE session SET owner = ${owner}, epoch = epoch + 1 WHERE ${which} RETURNING ${LIVE_COLUMNS}`,
    )
    return rows.map(sessionRecord)
  }

  async function held({ id, sandbox }: { id: SessionId; sandbox: string }): Promise<boolean> {
    return (await call('look a session up', db.session.findFirst({ where: { id, sandbox }, select: { id: true } }))) !== null
  }
}
