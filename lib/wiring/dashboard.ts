import { pgArtifacts } from '../adapters/pg/artifacts.ts'
import { pgBuildLogs } from '../adapters/pg/build-logs.ts'
import { pgOverviews } from '../adapters/pg/dashboard/overviews.ts'
import { openDatabase } from '../adapters/pg/database.ts'
import { pgDeployments } from '../adapters/pg/deployments.ts'
import { systemClock } from '../adapters/system/time.ts'
import { listAgents } from '../application/agents/list-agents.ts'
import { LogFeed } from '../application/builds/log-feed.ts'
import { ChangeFeed } from '../application/dashboard/change-feed.ts'
import type { Log } from '../application/ports/log.ts'
import type { ObjectStore } from '../application/ports/object-store.ts'
import { addressOf } from '../socket/address.ts'
import type { DashboardWorld } from '../web/dashboard/serve.ts'
import { streams } from '../web/dashboard/streams.ts'
import type { Services } from '../web/services.ts'
import type { WorkshopDatabase } from './databases.ts'

/** Pages have connections of their own, and few: however many look, no session waits for one. */
const CONNECTIONS_MAX = 3
/** After this a page says that the records are away. */
const DATABASE_MS_MAX = 5000

type Parts = {
  readonly workshop: WorkshopDatabase
  readonly objects: Pick<ObjectStore, 'get'>
  readonly languages: Services['languages']
  readonly trustedProxies: number
  readonly log: Log
}

/** What the pages of the workshop read and listen to. They cannot change anything: their connections do not let them. */
export function openDashboard({
  workshop,
  objects,
  languages,
  trustedProxies,
  log,
}: Parts): DashboardWorld & { readonly feed: LogFeed; close(): Promise<void> } {
  const how = { timeoutMs: DATABASE_MS_MAX, connections: CONNECTIONS_MAX, isReadOnly: true }
  const database = openDatabase({ url: workshop.url, ...how })
  const overviews = pgOverviews(database)
  const { announcements } = workshop
  const logs = { logs: pgBuildLogs(database), objects }
  const feed = new LogFeed({ ...logs, announcements, clock: systemClock, log })
  const changes = new ChangeFeed({ overviews, announcements, clock: systemClock, log })
  const open = streams({ changes, logs: feed, clock: systemClock, addressOf: (request) => addressOf(request, trustedProxies) })
  const records = { artifacts: pgArtifacts(database), deployments: pgDeployments(database) }
  return {
    ...{ overviews, logs, languages, changes, streams: open, log, feed },
    agents: () => listAgents(records),
    today: () => systemClock.today(),
    now: () => systemClock.now(),
    async close() {
      open.close()
      feed.close()
      changes.close()
      await database.close()
    },
  }
}
