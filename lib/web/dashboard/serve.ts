import { createHash } from 'node:crypto'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

import type { ChangeFeed } from '#lib/application/dashboard/change-feed.ts'
import { harmlessLog } from '#lib/application/dashboard/log-window.ts'
import { errorText } from '#lib/application/ports/log.ts'
import { type BuildId, buildId } from '#lib/domain/ids.ts'

import { keptPagePolicy } from '../page-policy.ts'
import { type PlainAssets, plainDocument } from '../plain/document.ts'
import { accepts } from '../static-files.ts'
import { awayPage, type Place } from './frame.ts'
import { PageCache } from './page-cache.ts'
import { dashboardMaker, etagOf, type Made, type PagesWorld, type Maker } from './pages.ts'
import type { Streams } from './streams.ts'

/** What a client is told to wait while the records are away. */
const AWAY_SECONDS = '5'

export type DashboardWorld = PagesWorld & {
  readonly changes: Pick<ChangeFeed, 'version'>
  readonly streams: Streams
  /** Milliseconds that only grow. */
  readonly now: () => number
}
/** False for a path of somebody else's. */
type Answers = (request: IncomingMessage, response: ServerResponse) => boolean
type Sent = { readonly status: number; readonly etag: string; readonly packed: Buffer; readonly size: number }

/** Of every page; they are asked for again each time, and mostly answered by that they are the same. */
const HEADERS = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache', vary: 'accept-encoding' }

/**
 * Answers for what lies below `/dashboard`; false for every other path. A page is made once for all who ask for it, compressed
 * once, and named by its content, so that who has it is told that alone.
 */
export function dashboard(world: DashboardWorld | undefined, assets: PlainAssets): Answers {
  const policy = keptPagePolicy(createHash('sha256').update(assets.themeScript).digest('base64'))
  const headers = { ...HEADERS, 'content-security-policy': policy }
  const away: Away = (request, response, place) => {
    const document = plainDocument(awayPage(place), assets)
    response.writeHead(503, { ...headers, 'retry-after': AWAY_SECONDS }).end(request.method === 'HEAD' ? undefined : document)
  }
  if (world) return answers(world, { assets, headers, away })
  return (request, response) => isHere(pathOf(request)) && (away(request, response, '/dashboard'), true)
}

type Away = (request: IncomingMessage, response: ServerResponse, place: Place) => void
type Looks = { readonly assets: PlainAssets; readonly headers: OutgoingHttpHeaders; readonly away: Away }

function answers(world: DashboardWorld, { assets, headers, away }: Looks): Answers {
  const cache = new PageCache<Sent>(() => world.changes.version(), world.now)

  return (request, response) => {
    const [path = '', search = ''] = (request.url ?? '').split('?', 2)
    if (!isHere(path)) return false
    const query = new URLSearchParams(search)
    if (path === '/dashboard/live') world.streams.changes(request, response)
    else {
      const [, id, part] = /^\/dashboard\/builds\/(b[0-9a-f]{16})\/(live|log)$/.exec(path) ?? []
      const build = id === undefined ? undefined : buildId(id)
      if (build && part === 'live') world.streams.log(request, response, build, query.get('from') ?? '')
      else if (build) void sendLog(request, response, build)
      else void sendPage(request, response, dashboardMaker(world, path, query), `${path}?${search}`)
    }
    return true
  }

  async function sendPage(request: IncomingMessage, response: ServerResponse, maker: Maker, address: string): Promise<void> {
    const sent = await cache
      .get(address, async () => pack(await maker.make()))
      .catch((error: unknown) => {
        world.log.warn('dashboard cannot be shown', { address: maker.place, error: errorText(error) })
        return undefined
      })
    if (!sent) return away(request, response, maker.place)
    if (sent.status === 200 && has(request, sent.etag)) return void response.writeHead(304, { ...headers, etag: sent.etag }).end()
    const isSmall = accepts(request, 'gzip')
    const body = isSmall ? sent.packed : await promisify(gunzip)(sent.packed)
    response.writeHead(sent.status, {
      ...headers,
      ...(sent.status === 200 && { etag: sent.etag }),
      'content-length': body.length,
      ...(isSmall && { 'content-encoding': 'gzip' }),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  async function pack(made: Made): Promise<Sent> {
    const document = Buffer.from('page' in made ? plainDocument(made.page, assets) : made.rows.text)
    const packed = await promisify(gzip)(document)
    return { status: made.status, etag: etagOf(document), packed, size: packed.length }
  }

  async function sendLog(request: IncomingMessage, response: ServerResponse, build: BuildId): Promise<void> {
    try {
      const found = await world.overviews.build(build)
      if (!found)
        return void response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('There is no such build\n')
      response.writeHead(200, {
        'content-type': 'text/plain; charset=utf-8',
        'content-disposition': `attachment; filename="${build}.log"`,
        'cache-control': 'no-cache',
      })
      if (request.method === 'HEAD') response.end()
      else await pipeline(Readable.from(harmlessLog(world.logs, build)), response)
    } catch (error) {
      // Whoever went away in the middle is no fault; what was begun cannot be taken back, only be seen to be cut off.
      if (!response.destroyed) world.log.warn('log cannot be sent', { build, error: errorText(error) })
      if (response.headersSent) response.destroy()
      else response.writeHead(503, { 'retry-after': AWAY_SECONDS }).end()
    }
  }
}

const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] ?? ''
const isHere = (path: string) => path === '/dashboard' || path.startsWith('/dashboard/')

/** Whether the client has this already, by any of the names that it gives. */
const has = ({ headers }: IncomingMessage, etag: string): boolean =>
  String(headers['if-none-match'] ?? '')
    .split(',')
    .some((name) => name.trim() === etag || name.trim() === '*' || `W/${name.trim()}` === etag)
