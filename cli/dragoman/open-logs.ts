import { pgAnnouncements } from '#lib/adapters/pg/announcements.ts'
import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { LogFeed } from '#lib/application/builds/log-feed.ts'
import type { Log } from '#lib/application/ports/log.ts'
import { openStores } from '#lib/stores.ts'

import { note, visibleLine } from './print.ts'
import type { Workshop } from './workshop.ts'

/** Who waits for a database that is away is told. */
const log: Log = {
  info: () => undefined,
  warn: (event, fields) => note(visibleLine(`${event}: ${fields?.['error'] ?? ''}`)),
  error: (event, { error }) => note(visibleLine(`${event}: ${error}`)),
}

/** The logs of builds, to be read or followed until they are closed. */
export async function openLogs({ url, config, database }: Workshop) {
  const stores = await openStores(config, systemClock)
  const announcements = pgAnnouncements(database, { url, clock: systemClock, log })
  const world = { logs: pgBuildLogs(database), objects: stores.objects, announcements, clock: systemClock, log }
  const feed = new LogFeed(world)
  return {
    ...world,
    feed,
    async close() {
      feed.close()
      await announcements.close()
      stores.close()
    },
  }
}
