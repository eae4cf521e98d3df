import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { placesContract } from '#lib/application/ports/places.contract.ts'
import { recordsContract } from '#lib/application/ports/records.contract.ts'
import type { SandboxId, SessionId } from '#lib/domain/ids.ts'
import { withClient } from '../postgres/client.ts'
import { processesIn } from '../postgres/processes.ts'
import { migratedDatabase } from '../postgres/world.contract.ts'
import { prismaRecords } from './records.ts'

const TIMEOUT_MS = 3000
/** Less than twice the limit, which is what two waits after one another would take: a busy machine's timers are late. */
const REFUSED_MS_MAX = 2 * TIMEOUT_MS

let database: Awaited<ReturnType<typeof migratedDatabase>>
let records: ReturnType<typeof prismaRecords>

beforeAll(async () => {
  database = await migratedDatabase()
  records = prismaRecords({ url: database.url, timeoutMs: TIMEOUT_MS })
})
afterAll(async () => {
  await records.close()
  await database.end()
})

describe('prismaRecords', () => {
  recordsContract(async () => {
    await records.forgetMembers()
    return records
  })
  placesContract(async () => {
    await withClient(database.migrateUrl, (client) =>
      client.query('DELETE FROM session; DELETE FROM pool_member; DELETE FROM place'),
    )
    return records
  })
})

const sandbox = 'sbffffffffffffffffffff' as SandboxId
const session = 'f'.repeat(32) as SessionId
const plain = { lang: undefined, keptAs: '', owner: 'o' }
const query = (sql: string) => withClient(database.migrateUrl, async (client) => (await client.query<object>(sql)).rows)

test('the first reason of an end stays, with its time', async () => {
  const at = new Date()
  const open = {
    id: session,
    lang: 'c' as never,
    sandbox,
    sandboxKey: 'k',
    tokenHash: 't',
    epoch: 1,
    owner: 'o',
    startedAt: at,
    lifeEndsAt: at,
  }
  await records.sessionOpened(open)
  await records.sessionEnded(session, 'memory')
  const first = await query('SELECT reason, ended_at FROM session')
  await records.sessionEnded(session, 'left')

  expect(first).toContainEqual({ reason: 'memory', ended_at: expect.any(Date) })
  expect(await query('SELECT reason, ended_at FROM session')).toEqual(first)
})

test('no two sessions name one sandbox, and no end is without a reason', async () => {
  const at = new Date()
  const twin = {
    id: 'e'.repeat(32) as SessionId,
    lang: 'c' as never,
    sandbox,
    sandboxKey: 'k',
    tokenHash: 't',
    epoch: 1,
    owner: 'o',
  }
  await expect(records.sessionOpened({ ...twin, startedAt: at, lifeEndsAt: at })).rejects.toThrow('had another')
  await expect(query('UPDATE session SET ended_at = now(), reason = NULL')).rejects.toThrow('session_ended_with_reason')
})

test('a lease passes over a member that another transaction holds', async () => {
  await records.forgetMembers()
  const [held, free] = [sandbox, 'sbeeeeeeeeeeeeeeeeeeee' as SandboxId]
  await records.memberReady({ sandbox: held, ...plain, key: 'k' })
  await records.memberReady({ sandbox: free, ...plain, key: 'k' })
  await withClient(database.url, async (other) => {
    await other.query('BEGIN')
    await other.query('SELECT FROM pool_member WHERE sandbox = $1 FOR UPDATE', [held])
    expect(await records.lease({ ...plain, session })).toMatchObject({ sandbox: free })
    await other.query('ROLLBACK')
  })
  expect(await records.lease({ ...plain, session })).toMatchObject({ sandbox: held })
})

test('the lease uses its index', async () => {
  const plan = await withClient(database.migrateUrl, async (client) => {
    await client.query('SET enable_seqscan = off')
    return client.query<object>(
      `EXPLAIN SELECT sandbox FROM pool_member WHERE lang = 'c' AND kept_as = 'x' AND state = 'free'
       ORDER BY owner = 'o' DESC, ready_at, sandbox LIMIT 1`,
    )
  })
  expect(JSON.stringify(plan.rows)).toContain('pool_member_lang_state_ready_at_idx')
})

const calls = {
  ping: () => records.ping(),
  lease: () => records.lease({ ...plain, session }),
  beat: () => records.beat('o'),
  sessionEnded: () => records.sessionEnded(session, 'lost'),
}

/** Milliseconds until each call was refused; -1 for one that was not. */
const refusals = () => {
  const began = performance.now()
  return Promise.all(
    Object.values(calls).map((call) =>
      call().then(
        () => -1,
        () => performance.now() - began,
      ),
    ),
  )
}

test('with a database that hangs every call rejects in time, and works again after it', async () => {
  const frozen = processesIn(database.dataDir)
  frozen.forEach((pid) => process.kill(pid, 'SIGSTOP'))
  const tookMs = await refusals().finally(() => frozen.forEach((pid) => process.kill(pid, 'SIGCONT')))

  expect(Math.min(...tookMs)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...tookMs)).toBeLessThan(REFUSED_MS_MAX)
  await expect.poll(() => records.ping().then(() => 'answers', String)).toBe('answers')
})

test('a lock that is never given back costs a call its time limit, no more', async () => {
  await withClient(database.migrateUrl, async (other) => {
    await other.query('BEGIN')
    await other.query('LOCK TABLE pool_member')
    const began = performance.now()
    await expect(records.memberGone(sandbox, 'o')).rejects.toThrow('Cannot remove a pool member')
    expect(performance.now() - began).toBeLessThan(REFUSED_MS_MAX)
    await other.query('ROLLBACK')
  })
})

test('a database that stops and comes back is used again without a restart of ours', async () => {
  await database.stop()
  const tookMs = await refusals()
  expect(Math.min(...tookMs)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...tookMs)).toBeLessThan(REFUSED_MS_MAX)

  const again = await database.restart()
  await expect.poll(() => records.ping().then(() => 'answers', String)).toBe('answers')
  await again.stop()
})
