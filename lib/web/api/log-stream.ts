import type { LogEvent } from '#lib/application/builds/log-events.ts'
import { readLog } from '#lib/application/builds/read-log.ts'
import type { ApiProblem } from '#lib/domain/api-problem.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { cursorText, LOG_START, type LogCursor, logCursor } from '#lib/domain/log-cursor.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { ApiWorld } from './world.ts'

/** Logs followed at a time on one server, over HTTP; each holds a connection open. */
export const STREAMS_MAX = 1000
/** Something is said at least this often, so that nobody between us takes the connection for dead. */
const STILL_HERE_MS = 15_000

let followed = 0

/** What there is of the log now, as its bytes. */
export function logText(world: Pick<ApiWorld, 'logs' | 'objects'>, build: BuildId, from: LogCursor = LOG_START): Response {
  const events = readLog(world, build, from)
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const next = await events.next()
        if (next.done) return controller.close()
        if (next.value.kind === 'text') return controller.enqueue(next.value.bytes)
      }
    },
    cancel: () => void events.return(undefined),
  })
  return new Response(body, { headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' } })
}

/** All of the log as it comes, as server-sent events whose ids are cursors; the last is `end`. */
export function followLog(
  world: Pick<ApiWorld, 'feed' | 'clock'>,
  build: BuildId,
  from: LogCursor | undefined,
  headers: Headers,
  signal: AbortSignal,
): Result<Response, ApiProblem> {
  const last = headers.get('last-event-id')
  const begin = last === null ? from : logCursor(last)
  if (last !== null && !begin) return err({ code: 'bad_request', issues: [{ field: 'Last-Event-ID', message: 'is no cursor' }] })
  if (followed >= STREAMS_MAX) return err({ code: 'too_many_streams', max: STREAMS_MAX })
  return ok(
    new Response(eventStream(world, build, begin ?? LOG_START, signal), {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      },
    }),
  )
}

function eventStream({ feed, clock }: Pick<ApiWorld, 'feed' | 'clock'>, build: BuildId, from: LogCursor, signal: AbortSignal) {
  const stop = new AbortController()
  const events = feed.follow(build, from, AbortSignal.any([signal, stop.signal]))
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  let cancelTick = () => {}
  let isOpen = true
  const close = () => {
    if (!isOpen) return
    isOpen = false
    followed--
    cancelTick()
    stop.abort()
  }
  followed++
  signal.addEventListener('abort', close, { once: true })
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const tick = () => {
        controller.enqueue(encoder.encode(': still here\n\n'))
        cancelTick = clock.after(STILL_HERE_MS, tick)
      }
      cancelTick = clock.after(STILL_HERE_MS, tick)
    },
    async pull(controller) {
      const next = await events.next()
      if (next.done) {
        close()
        return controller.close()
      }
      controller.enqueue(encoder.encode(eventText(next.value, decoder)))
    },
    cancel: close,
  })
}

function eventText(event: LogEvent, decoder: TextDecoder): string {
  const { kind, cursor, ...rest } = event
  const data = 'bytes' in rest && typeof rest.bytes !== 'number' ? { text: decoder.decode(rest.bytes, { stream: true }) } : rest
  return `id: ${cursorText(cursor)}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
}
