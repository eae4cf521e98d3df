import pg from 'pg'

/** Connections of one server for builds, logs and questions; each call is short, so a few serve many. */
const CONNECTIONS_MAX = 6

/** A call in progress: a connection that is in a transaction, or a pool. */
export type Sql = Pick<pg.ClientBase, 'query'>

export type Database = {
  /** One statement by itself. */
  readonly sql: Sql
  /** One transaction; what is thrown within rolls it back. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export type DatabaseOptions = {
  readonly url: string
  /** After this a statement, a wait for a lock or for a connection is given up. */
  readonly timeoutMs: number
  readonly connections?: number
  /** Whoever tries to write by it is refused by the database. */
  readonly isReadOnly?: boolean
}

/** PostgreSQL by plain SQL. Connections are made when needed, so it may come late, go away and come back. */
export function openDatabase({ url, timeoutMs, connections = CONNECTIONS_MAX, isReadOnly = false }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    statement_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs,
    ...(isReadOnly && { options: '-c default_transaction_read_only=on' }),
    application_name: 'dragoman',
    keepAlive: true,
  })
  pool.on('error', () => undefined) // a connection broke while idle; whoever calls next finds out whether there is another
  return {
    sql: pool,
    async transaction(work) {
      const client = await pool.connect()
      let broken: Error | undefined
      // Without a listener a connection that breaks between two statements would end the process.
      const onError = (error: Error) => void (broken = error)
      client.on('error', onError)
      try {
        await client.query('BEGIN')
        const value = await work(client)
        await client.query('COMMIT')
        return value
      } catch (error) {
        await client.query('ROLLBACK').catch((rollback: Error) => (broken = rollback))
        throw error
      } finally {
        client.off('error', onError)
        client.release(broken)
      }
    },
    close: () => pool.end(),
  }
}

/** A constraint refused it: PostgreSQL's class 23. Anything else that is thrown is the connection's or our own fault. */
export function contradicts(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && error.code?.startsWith('23') === true
}
