import type { BuildLogs } from '#lib/application/ports/build-logs.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import type { LogCursor } from '#lib/domain/log-cursor.ts'
import { type LogEvent, logEvents } from './log-events.ts'
import { withObject } from './log-object.ts'

/** A build's log from the cursor on as far as it goes now, without waiting for more. */
export async function* readLog(
  { logs, objects }: { readonly logs: Pick<BuildLogs, 'read'>; readonly objects: Pick<ObjectStore, 'get'> },
  build: BuildId,
  from: LogCursor,
): AsyncGenerator<LogEvent> {
  for (let cursor = from; ;) {
    const [page] = await logs.read([{ build, cursor }])
    const events = page ? logEvents(await withObject(objects, page, cursor), cursor) : []
    yield* events
    const last = events.at(-1)
    if (!last || last.kind === 'end') return
    cursor = last.cursor
  }
}
