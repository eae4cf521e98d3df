import { memoryLog } from '#lib/adapters/memory/log.ts'
import { memoryObjectStore } from '#lib/adapters/memory/object-store.ts'
import { pgAnnouncements } from '#lib/adapters/pg/announcements.ts'
import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { type Database, openDatabase } from '#lib/adapters/pg/database.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { logAnnouncer } from '#lib/application/builds/announce-logs.ts'
import { LogFeed } from '#lib/application/builds/log-feed.ts'
import { LogWriter } from '#lib/application/builds/log-writer.ts'
import type { BuildLogs } from '#lib/application/ports/build-logs.ts'
import { newRequest, seedBuilds } from '#lib/application/testing/builds.ts'
import { LOG_START } from '#lib/domain/log-cursor.ts'

import { benchDatabase } from './workshop/database.ts'

const FOLLOWERS = 1000
const LINES_PER_SECOND = 200
const SECONDS = 10
const LAG_MS_MAX = 5000

/** One build writes; a thousand follow it on one server. Each line says when it was written, and how late it came is counted. */
export async function logs() {
  const postgres = await benchDatabase()
  const database = openDatabase({ url: postgres.url, timeoutMs: 10_000 })
  try {
    await seedBuilds(pgArtifacts(database))
    const alone = await measure(database, postgres.url, 1)
    const many = await measure(database, postgres.url, FOLLOWERS)
    return {
      fanoutP95Ms: many.p95,
      readersPerServer: many.readers,
      fanoutP50Ms: many.p50,
      aloneP95Ms: alone.p95,
      statementsPerSecond: many.statementsPerSecond,
      aloneStatementsPerSecond: alone.statementsPerSecond,
      followers: FOLLOWERS,
      linesSeen: many.lines,
    }
  } finally {
    await database.close()
    await postgres.stop()
  }
}

async function measure(database: Database, url: string, followers: number) {
  const log = memoryLog()
  const announcements = pgAnnouncements(database, { url, clock: systemClock, log })
  const stored = pgBuildLogs(database)
  const counted = countReads(stored)
  const feed = new LogFeed({ logs: counted, objects: memoryObjectStore(), announcements, clock: systemClock, log })
  const queue = pgBuildQueue(database)
  const asked = newRequest()
  await queue.request(asked)
  const leased = await queue.lease('bench', 1)
  if (!leased) throw new Error('Cannot measure: the build is not ready')

  const lags = new Float64Array(LAG_MS_MAX + 1)
  const following = Array.from({ length: followers }, () => follow(feed, leased.build, lags))
  const kept = logAnnouncer(announcements, systemClock)
  const writer = new LogWriter({ logs: stored, clock: systemClock, kept }, leased)
  const began = performance.now()
  for (let line = 0; line < LINES_PER_SECOND * SECONDS; line++) {
    const due = began + (line * 1000) / LINES_PER_SECOND
    while (performance.now() < due) await new Promise((done) => setTimeout(done, 1))
    await writer.write(`${performance.now().toFixed(2)} the quick brown fox jumps over the lazy dog, again and again\n`)
  }
  const readers = Math.max(counted.most(), await listeners(database))
  const statementsPerSecond = Math.round(counted.total() / ((performance.now() - began) / 1000))
  await writer.close(new AbortController().signal)
  await queue.finish(leased, { outcome: 'failed', reason: 'the bench is over' })
  await Promise.all(following)
  feed.close()
  await announcements.close()

  const lines = lags.reduce((sum, n) => sum + n, 0)
  if (lines !== LINES_PER_SECOND * SECONDS * followers) throw new Error(`Cannot measure: ${lines} lines came`)
  return { p50: quantile(lags, 0.5), p95: quantile(lags, 0.95), readers, lines, statementsPerSecond }
}

/** Followers at the same place are given the same bytes, so their times are read once. */
const written = new WeakMap<Uint8Array, readonly number[]>()

async function follow(feed: LogFeed, build: Parameters<LogFeed['follow']>[0], lags: Float64Array): Promise<void> {
  for await (const event of feed.follow(build, LOG_START, new AbortController().signal)) {
    if (event.kind !== 'text') continue
    const times =
      written.get(event.bytes) ?? new TextDecoder().decode(event.bytes).split('\n').slice(0, -1).map(Number.parseFloat)
    written.set(event.bytes, times)
    const now = performance.now()
    for (const at of times) {
      const lag = Math.min(LAG_MS_MAX, Math.ceil(now - at))
      lags[lag] = (lags[lag] ?? 0) + 1
    }
  }
}

/** How many reads are in progress at once, at most, and how many there were. */
function countReads(logs: BuildLogs): Pick<BuildLogs, 'read'> & { most(): number; total(): number } {
  let [now, most, total] = [0, 0, 0]
  return {
    most: () => most,
    total: () => total,
    async read(places) {
      most = Math.max(most, ++now)
      total++
      try {
        return await logs.read(places)
      } finally {
        now--
      }
    },
  }
}

async function listeners({ sql }: Database): Promise<number> {
  const { rows } = await sql.query<{ n: string }>(
    `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'dragoman listens' AND usename = current_user`,
  )
  return Number(rows[0]?.n)
}

function quantile(counts: Float64Array, share: number): number {
  let left = share * counts.reduce((sum, n) => sum + n, 0)
  return counts.findIndex((n) => (left -= n) <= 0)
}
