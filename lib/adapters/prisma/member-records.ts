import type { LeaseAsk, MemberRecord, MemberWish, Records } from '#lib/application/ports/records.ts'
import type { LangId, SandboxId } from '#lib/domain/ids.ts'
import { MemberState, Prisma } from '../../../prisma/generated/client.ts'
import type { Calls } from './calls.ts'

/** Whoever reserves holds this lock until the end of the transaction, so that nobody counts while another adds. */
const POOL_LOCK = 1_886_351_212

type MemberRecords = Pick<
  Records,
  'reserveMember' | 'memberReady' | 'lease' | 'memberGone' | 'takeMembers' | 'expireMembers' | 'forgetMembers'
>
export type LeasedRow = {
  sandbox: string
  key: string
  address: string | null
  lang: string | null
  keptAs: string
  owner: string
}

const COLUMNS = Prisma.sql`sandbox, key, address, lang, kept_as AS "keptAs", owner`

export function memberRecords({ db, call }: Calls): MemberRecords {
  return {
    async reserveMember(wish, { own, all, total }) {
      const { sandbox, lang, keptAs, owner } = wish
      const kind = isKind(wish)
      // Two statements: one alone would count by what it saw before it had the lock.
      const reserving = db.$transaction([
        db.$executeRaw`SELECT pg_advisory_xact_lock(${POOL_LOCK})`,
        db.$executeRaw`
          INSERT INTO pool_member (sandbox, key, lang, kept_as, owner, state)
          SELECT ${sandbox}, '', ${lang ?? null}, ${keptAs}, ${owner}, 'creating'
          FROM (
            SELECT count(*) AS total,
              count(*) FILTER (WHERE ${kind}) AS kind,
              count(*) FILTER (WHERE ${kind} AND owner = ${owner}) AS own
            FROM pool_member WHERE state <> 'leased'
          ) AS counted
          WHERE counted.total < ${total} AND (counted.kind < ${all} OR counted.own < ${own})`,
      ])
      const [, added] = await call('reserve a pool member', reserving)
      return added === 1
    },

    async memberReady({ sandbox, key, lang, keptAs, owner, address }) {
      const ready = { key, address: address ?? null, owner, state: MemberState.free, readyAt: new Date() }
      const written = db.$transaction([
        db.poolMember.createMany({ data: [{ sandbox, lang: lang ?? null, keptAs, ...ready }], skipDuplicates: true }),
        db.poolMember.updateMany({ where: { sandbox, state: MemberState.creating }, data: ready }),
      ])
      await call('add a pool member', written)
    },

    async lease(ask) {
      const rows = await call('lease a pool member', db.$queryRaw<LeasedRow[]>`${leaseIf(Prisma.sql`true`, ask)}`)
      return rows[0] && memberRecord(rows[0])
    },

    async memberGone(sandbox, owner) {
      // Two statements: one alone would not see whose it became while it waited.
      const { count } = await call('remove a pool member', db.poolMember.deleteMany({ where: { sandbox, owner } }))
      return count > 0 || (await call('look a pool member up', db.poolMember.count({ where: { sandbox } }))) === 0
    },

    async takeMembers(owner, of) {
      const whose = { owner: { in: [...of] } }
      const taking = db.$transaction([
        db.poolMember.deleteMany({ where: { ...whose, state: { not: MemberState.free } } }),
        db.$queryRaw<LeasedRow[]>`UPDATE pool_member SET owner = ${owner} WHERE owner = ANY(${[...of]}) RETURNING ${COLUMNS}`,
      ])
      const [, rows] = await call('take pool members over', taking)
      return rows.map(memberRecord)
    },

    async expireMembers(olderThanMs) {
      const old = Prisma.sql`coalesce(leased_at, ready_at) <= now() - make_interval(secs => ${olderThanMs / 1000}::float8)`
      await call('expire pool members', db.$executeRaw`DELETE FROM pool_member WHERE state <> 'free' AND ${old}`)
    },

    async forgetMembers() {
      await call('forget the pool', db.poolMember.deleteMany())
    },
  }
}

/** The lease as a statement, or as part of one; without its condition it locks and takes nothing. */
export const leaseIf = (condition: Prisma.Sql, { lang, keptAs, session, owner }: LeaseAsk) => Prisma.sql`
  UPDATE pool_member SET state = 'leased', leased_by = ${session}, leased_at = now(), owner = ${owner}
  WHERE ${condition} AND sandbox = (
    SELECT sandbox FROM pool_member WHERE ${isKind({ lang, keptAs })} AND state = 'free'
    ORDER BY owner = ${owner} DESC, ready_at, sandbox FOR UPDATE SKIP LOCKED LIMIT 1
  )
  RETURNING ${COLUMNS}`

// `IS NULL` and `=`, not `IS NOT DISTINCT FROM`: only these use the index.
const isKind = ({ lang, keptAs }: Pick<MemberWish, 'lang' | 'keptAs'>) =>
  Prisma.sql`${lang === undefined ? Prisma.sql`lang IS NULL` : Prisma.sql`lang = ${lang}`} AND kept_as = ${keptAs}`

/** The casts are safe: only this file writes these columns, from ids that were checked. */
export function memberRecord({ sandbox, lang, address, key, keptAs, owner }: LeasedRow): MemberRecord {
  const ids = { sandbox: sandbox as SandboxId, lang: lang === null ? undefined : (lang as LangId) }
  return { key, keptAs, owner, ...ids, ...(address !== null && { address }) }
}
