import type { Beats, Records } from '#lib/application/ports/records.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import type { Calls } from './calls.ts'

type ReplicaRecords = Pick<Records, 'ledger' | 'beat' | 'forgetReplicas' | 'ping'>

export function replicaRecords({ db, call }: Calls): ReplicaRecords {
  return {
    async ledger() {
      const rows = await call(
        'list sandboxes',
        db.$queryRaw<{ sandbox: SandboxId }[]>`
          SELECT sandbox FROM session WHERE ended_at IS NULL UNION SELECT sandbox FROM pool_member`,
      )
      return new Set(rows.map(({ sandbox }) => sandbox))
    },

    async beat(name) {
      // The rows are read by the statement's own snapshot, which does not hold what it writes.
      const rows = await call(
        'tell that this replica lives',
        db.$queryRaw<Beats[]>`
          WITH own AS (
            INSERT INTO replica (name) VALUES (${name})
            ON CONFLICT (name) DO UPDATE SET beats = replica.beats + 1, seen_at = now() RETURNING name, beats
          )
          SELECT name, beats FROM own UNION ALL SELECT name, beats FROM replica WHERE name <> ${name}`,
      )
      return rows
    },

    async forgetReplicas(names) {
      const forgetting = db.$transaction([
        db.place.deleteMany({ where: { owner: { in: [...names] } } }),
        db.$executeRaw`
          DELETE FROM replica WHERE name = ANY(${[...names]})
            AND NOT EXISTS (SELECT FROM session WHERE session.owner = replica.name AND ended_at IS NULL)
            AND NOT EXISTS (SELECT FROM pool_member WHERE pool_member.owner = replica.name)`,
      ])
      await call('forget replicas', forgetting)
    },

    async ping() {
      await call('ask the database', db.$queryRaw`SELECT 1`)
    },
  }
}
