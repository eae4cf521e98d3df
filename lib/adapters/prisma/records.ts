import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'

import type { Records } from '#lib/application/ports/records.ts'
import { PrismaClient } from '../../../prisma/generated/client.ts'
import { type Calls, within } from './calls.ts'
import { memberRecords } from './member-records.ts'
import { placeRecords } from './place-records.ts'
import { replicaRecords } from './replica-records.ts'
import { sessionRecords } from './session-records.ts'

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
    idle_in_transaction_session_timeout: timeoutMs,
    keepAlive: true,
  })
  // The pool drops a connection that broke while idle. Whoever calls next finds out whether there is another.
  const db = new PrismaClient({ adapter: new PrismaPg(pool, { onPoolError: () => undefined, disposeExternalPool: true }) })
  const calls: Calls = { db, call: (what, work) => within(what, work, timeoutMs) }
  return {
    ...sessionRecords(calls),
    ...memberRecords(calls),
    ...placeRecords(calls),
    ...replicaRecords(calls),
    close: () => db.$disconnect(),
  }
}
