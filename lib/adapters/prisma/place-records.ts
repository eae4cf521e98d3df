import type { Places } from '#lib/application/ports/places.ts'
import type { SessionId } from '#lib/domain/ids.ts'
import { Prisma } from '../../../prisma/generated/client.ts'
import type { Calls } from './calls.ts'
import { leaseIf, type LeasedRow, memberRecord } from './member-records.ts'

type Entered = { outcome: 'entered' | 'waiting' | 'too_many_sessions' | 'too_fast' | 'queue_full'; number: number }

/** The counting is in functions of the database (migration 0008): each locks, and only then looks. */
export function placeRecords({ db, call }: Calls): Places {
  return {
    async enterPlace({ session, visitor, owner, lang, keptAs }, bounds) {
      const { sessionsMax, perAddressMax, startsPerMinute, queueMax } = bounds
      const [row] = await call(
        'enter',
        db.$queryRaw<(Entered & Partial<LeasedRow>)[]>`
          WITH entered AS MATERIALIZED (
            SELECT * FROM place_enter(${session}, ${visitor.address}, ${visitor.network}, ${owner},
              ${sessionsMax}::int, ${perAddressMax}::int, ${startsPerMinute}::int, ${queueMax}::int)
          ), leased AS (
            ${leaseIf(Prisma.sql`EXISTS (SELECT FROM entered WHERE outcome = 'entered')`, { lang, keptAs, session, owner })}
          )
          SELECT entered.*, leased.* FROM entered LEFT JOIN leased ON true`,
      )
      if (!row) throw new Error('Cannot enter: the database said nothing')
      const { outcome, number, sandbox } = row
      if (outcome === 'entered') return { code: outcome, member: sandbox ? memberRecord(row as LeasedRow) : undefined } // a whole row or none
      if (outcome === 'waiting') return { code: outcome, place: number }
      return outcome === 'too_fast' ? { code: outcome, retryAfterMs: number } : { code: outcome }
    },

    async placeTurns(owner, waiting, sessionsMax) {
      const rows = await call(
        'ask for turns',
        db.$queryRaw<{ session: SessionId; number: number }[]>`
          SELECT * FROM place_turns(${owner}, ${[...waiting]}, ${sessionsMax}::int)`,
      )
      return rows.map(({ session, number }) => ({ session, place: number }))
    },

    async leavePlaces(sessions) {
      await call('leave places', db.place.deleteMany({ where: { session: { in: [...sessions] } } }))
    },

    async expirePlaces(olderThanMs) {
      const old = Prisma.sql`entered_at <= now() - make_interval(secs => ${olderThanMs / 1000}::float8)`
      const expiring = db.$transaction([
        db.$executeRaw`DELETE FROM place WHERE state = 'entered' AND ${old}`,
        db.$executeRaw`
          UPDATE session SET visitor = NULL, network = NULL
          WHERE visitor IS NOT NULL AND ended_at IS NOT NULL AND entered_at < now() - interval '1 minute'`,
      ])
      await call('expire places', expiring)
    },
  }
}
