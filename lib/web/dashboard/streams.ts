import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { LogEvent } from '#lib/application/builds/log-events.ts'
import type { LogFeed } from '#lib/application/builds/log-feed.ts'
import type { ChangeFeed, Changes } from '#lib/application/dashboard/change-feed.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { cursorText, LOG_START, logCursor } from '#lib/domain/log-cursor.ts'

/** Open at once on a server: each is a connection and some kilobytes. */
export const STREAMS_MAX = 5000
/** Of them of one address: a school's worth of people behind one. Whoever has more looks now and then by itself. */
export const STREAMS_PER_ADDRESS_MAX = 500
/** A comment goes out so often, so that neither end, nor anything between them, takes the silence for an end. */
export const BEAT_MS = 15_000
/** What a browser waits before it comes back. */
const RETRY_MS = 2000
/** Of a reader that does not read so much is held, then it is let go and comes back for what is then. */
const UNREAD_BYTES_MAX = 256 * 1024
/** Of more changes at once only that there were some is told. */
const NAMED_MAX = 50

export type StreamsWorld = {
  readonly changes: Pick<ChangeFeed, 'watch'>
  readonly logs: Pick<LogFeed, 'follow'>
  readonly clock: Clock
  readonly addressOf: (request: IncomingMessage) => string
}

export type Streams = {
  /** What changes in the workshop, as it does. */
  changes(request: IncomingMessage, response: ServerResponse): void
  /** A build's log from a cursor on, to its end. */
  log(request: IncomingMessage, response: ServerResponse, build: BuildId, from: string): void
  size(): number
  close(): void
}

/** What open pages listen to: events sent by the server, over plain HTTP, which browsers resume by themselves. */
export function streams({ changes, logs, clock, addressOf }: StreamsWorld): Streams {
  const open = new Set<ServerResponse>()
  const perAddress = new Map<string, number>()
  /** The same events go to many. */
  const packed = new WeakMap<LogEvent, string>()

  /** The signal ends with the connection; undefined where there is no room, which has been answered. */
  function begin(request: IncomingMessage, response: ServerResponse): AbortSignal | undefined {
    if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end()
    const address = addressOf(request)
    const held = perAddress.get(address) ?? 0
    if (open.size >= STREAMS_MAX || held >= STREAMS_PER_ADDRESS_MAX) {
      return void response.writeHead(429, { 'retry-after': '10' }).end()
    }
    const gone = new AbortController()
    open.add(response)
    perAddress.set(address, held + 1)
    let cancelBeat = beat()
    function beat(): () => void {
      return clock.after(BEAT_MS, () => {
        send(response, ':\n\n')
        cancelBeat = beat()
      })
    }
    response.once('close', () => {
      open.delete(response)
      const left = (perAddress.get(address) ?? 1) - 1
      if (left > 0) perAddress.set(address, left)
      else perAddress.delete(address)
      cancelBeat()
      gone.abort()
    })
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // some proxies hold back what they could gather
    })
    response.write(`retry: ${RETRY_MS}\n\n`)
    return gone.signal
  }

  async function follow(response: ServerResponse, signal: AbortSignal, build: BuildId, from: string): Promise<void> {
    for await (const event of logs.follow(build, logCursor(from) ?? LOG_START, signal)) {
      const text = packed.get(event) ?? logText(event)
      packed.set(event, text)
      if (!response.write(text)) await once(response, 'drain', { signal })
    }
    // No more comes: it ended, or there is no such build. The event says so, since a mere end would be taken for a fault.
    if (!signal.aborted) response.end('event: done\ndata: {}\n\n')
  }

  return {
    changes(request, response) {
      const signal = begin(request, response)
      if (!signal) return
      const unwatch = changes.watch((changes) => send(response, `event: changes\ndata: ${changesText(changes)}\n\n`))
      signal.addEventListener('abort', unwatch, { once: true })
      // A page may be older than this moment, so it looks once as soon as it is sure to hear what follows.
      send(response, 'event: ready\ndata: {}\n\n')
    },
    log(request, response, build, from) {
      const signal = begin(request, response)
      if (!signal) return
      const last = request.headers['last-event-id']
      follow(response, signal, build, typeof last === 'string' ? last : from).catch(() => response.destroy())
    },
    size: () => open.size,
    close() {
      for (const response of open) response.destroy()
    },
  }
}

/** Without a wait, since one event goes to many. */
function send(response: ServerResponse, text: string): void {
  if (response.writableLength > UNREAD_BYTES_MAX) response.destroy()
  else response.write(text)
}

const changesText = ({ langs, builds, lists }: Changes): string =>
  JSON.stringify(langs.length + builds.length > NAMED_MAX ? { all: true } : { langs, builds, lists })

/** The bytes of a text as base64: a piece may end within a character, and only its reader knows how it goes on. */
function logText(event: LogEvent): string {
  const { cursor, ...rest } = event
  const data = rest.kind === 'text' ? { kind: rest.kind, bytes: Buffer.from(rest.bytes).toString('base64') } : rest
  return `id: ${cursorText(cursor)}\ndata: ${JSON.stringify(data)}\n\n`
}
