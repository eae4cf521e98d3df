import pg from 'pg'

import type { Announced, Announcements } from '#lib/application/ports/build-logs.ts'
import type { Log } from '#lib/application/ports/log.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { Database } from './database.ts'

export const CHANNELS = {
  log: 'dragoman_log',
  queue: 'dragoman_queue',
  build: 'dragoman_build',
  deployment: 'dragoman_deployment',
} as const satisfies Record<Announced, string>
const ALL = Object.keys(CHANNELS) as Announced[] // of a literal
const RECONNECT_MS = 1000
const CONNECT_MS_MAX = 5000

/** One connection of its own that listens, as long as anybody does. It needs the database itself, no pooler in between. */
export function pgAnnouncements(
  { sql }: Database,
  { url, clock, log }: { readonly url: string; readonly clock: Clock; readonly log: Log },
): Announcements & { close(): Promise<void> } {
  const hearers = {
    log: new Set<() => void>(),
    queue: new Set<() => void>(),
    build: new Set<() => void>(),
    deployment: new Set<() => void>(),
  }
  let listener: Promise<pg.Client> | undefined
  let closed = false
  let cancelRetry = () => {}
  let isSaid = false

  const tell = (what: Announced) => hearers[what].forEach((call) => call())

  function listen(): void {
    if (closed || listener) return
    const mine = (listener = connect((error) => again(mine, error)))
    mine.catch((error: Error) => again(mine, error))
  }

  async function connect(lost: (error: Error) => void): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_MS_MAX,
      application_name: 'dragoman listens',
      keepAlive: true,
    })
    client.on('error', lost)
    client.on('notification', ({ channel }) => ALL.filter((what) => CHANNELS[what] === channel).forEach(tell))
    await client.connect()
    await client.query(
      Object.values(CHANNELS)
        .map((channel) => `LISTEN ${channel}`)
        .join(';'),
    )
    isSaid = false
    // What was said while nobody listened is lost, so everybody looks once.
    ALL.forEach(tell)
    return client
  }

  function again(which: typeof listener, error: Error): void {
    if (closed || which !== listener) return
    if (!isSaid) log.warn('announcements are not heard', { error: error.message })
    isSaid = true
    listener = undefined
    cancelRetry = clock.after(RECONNECT_MS, listen)
  }

  return {
    async announce(what) {
      await sql.query(`NOTIFY ${CHANNELS[what]}`)
    },
    on(what, call) {
      hearers[what].add(call)
      listen()
      return () => void hearers[what].delete(call)
    },
    async close() {
      closed = true
      cancelRetry()
      await (await listener?.catch(() => undefined))?.end().catch(() => undefined)
    },
  }
}
