import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'

import nextPackage from 'next'

import { THEME_SCRIPT } from '#lib/client/settings.ts'
import { parseConfig } from '#lib/config/options.ts'
import { API_PREFIX } from '#lib/protocol/http/operation.ts'
import { addressOf } from '#lib/socket/address.ts'
import { problemAnswer } from '#lib/web/api/answer.ts'
import { answerByFetch, type FetchHandler } from '#lib/web/fetch-handler.ts'
import { frontDoor } from '#lib/web/front-door.ts'
import { dashboard } from '#lib/web/dashboard/serve.ts'
import { ANSWER_HEADERS } from '#lib/web/page-policy.ts'
import { PLAIN_PREFIX, plainAssets } from '#lib/web/plain/assets.ts'
import { plainPages } from '#lib/web/plain/pages.ts'
import { sendPlain } from '#lib/web/plain/serve.ts'
import { takenNames } from '#lib/web/plain/taken-names.ts'
import { provideServices } from '#lib/web/services.ts'
import { staticFiles } from '#lib/web/static-files.ts'
import { dropStrangeHeaders } from '#lib/web/strange-headers.ts'
import { wire } from '#lib/wiring.ts'

/** After the first signal, and after everybody moved to another server where there is one; then the process goes whatever is left, and the next start sweeps it. */
const STOP_MS_MAX = 10_000
/** A request must be here whole in this time; a slow sender holds a connection no longer. */
const REQUEST_MS_MAX = 15_000
const SLOW = {
  requestTimeout: REQUEST_MS_MAX,
  headersTimeout: REQUEST_MS_MAX,
  connectionsCheckingInterval: REQUEST_MS_MAX / 3,
}
/** Of an answer that no page gives. */
const PLAIN = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }

const config = parseConfig(process.env)
if (!config.ok) {
  for (const { name, message } of config.error) process.stderr.write(`${name}: ${message}\n`)
  process.exit(2)
}

const { port, host, nextDev, trustProxy, publicUrl } = config.value
// The package is CommonJS whose export is the function itself; its types speak of a default on it.
const next = nextPackage as unknown as typeof nextPackage.default
// Next would take every upgrade of the server it knows, socket.io's too; this one is never listened on.
const unheard = createServer()
const pages = next({ dev: nextDev, dir: import.meta.dirname, httpServer: unheard, quiet: true })
const [parts] = await Promise.all([wire(config.value, import.meta.dirname), pages.prepare()]).catch((error: unknown) => {
  process.stderr.write(`Cannot start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
const showPage = pages.getRequestHandler()
provideServices(parts.services)
const here = (path: string) => join(import.meta.dirname, path)
const plainFolder = here('.dragoman/plain')
const assets = plainAssets(plainFolder, 'plain', THEME_SCRIPT)
const people = parts.visits.people(assets)
const files = staticFiles({ [PLAIN_PREFIX]: plainFolder, ...(nextDev ? {} : { '/_next/static/': here('.next/static') }) })
const workshop = dashboard(parts.dashboard, plainAssets(plainFolder, 'dashboard', THEME_SCRIPT))
const plain = plainPages(parts.services, takenNames(import.meta.dirname))

const http = createServer(SLOW, answer)
const sockets = parts.listen(http)
// Upgraded ones too, which the server itself no longer counts: none of them may hold up a stop.
const connections = new Set<Socket>()
http.on('connection', (connection) => {
  connections.add(connection)
  connection.once('close', () => connections.delete(connection))
})
http.on('error', (error) => {
  process.stderr.write(`Cannot listen on port ${port}: ${error.message}\n`)
  void stop(1)
})
http.listen(port, host, () => {
  const address = http.address()
  const at = typeof address === 'object' && address ? address.port : port
  process.stdout.write(`Dragoman is at http://localhost:${at}\n`)
  void showAdminLink(publicUrl ?? `http://localhost:${at}`)
})

/** Only on a terminal: what goes to a log is read by others, and later. */
async function showAdminLink(site: string): Promise<void> {
  if (!process.stdout.isTTY) return
  const path = await parts.visits.firstAdminLink().catch(() => undefined)
  if (path !== undefined) process.stdout.write(`Nobody is an admin yet; become one within 15 minutes: ${site}${path}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0))

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (files(request, response)) return
  for (const [name, value] of Object.entries(ANSWER_HEADERS)) response.setHeader(name, value)
  const { method = '', url = '' } = request
  const turned = frontDoor(method, url, parts.services.find, (...asked) => handlerOf(...asked) !== undefined)
  if (!turned) {
    const handler = handlerOf(method, url.split('?', 1)[0] ?? '')
    return handler ? byFetch(handler, request, response) : page(request, response)
  }
  if (turned.status === 301) return void response.writeHead(301, { location: turned.location }).end()
  response.writeHead(turned.status, PLAIN).end(`${turned.words}\n`)
}

/** What is answered before any page: the API, which knows its own methods, and the pages about people. */
function handlerOf(method: string, path: string): FetchHandler | undefined {
  if (path.startsWith(`${API_PREFIX}/`)) return parts.visits.api
  const known = `${method === 'HEAD' ? 'GET' : method} ${path}`
  return Object.hasOwn(people, known) ? people[known] : undefined
}

function byFetch(handler: FetchHandler, request: IncomingMessage, response: ServerResponse): void {
  const address = addressOf(request, trustProxy)
  const tooLarge = (max: number) => problemAnswer({ code: 'too_large', max })
  void answerByFetch(request, response, { handler, address, tooLarge })
}

function page(request: IncomingMessage, response: ServerResponse): void {
  if (workshop(request, response)) return
  const found = plain(request.url ?? '/')
  if (found) return sendPlain(request, response, found, assets)
  dropStrangeHeaders(request.headers)
  void showPage(request, response)
}

let stopping = false
async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  await parts.drain().catch((error: unknown) => process.stderr.write(`Draining: ${String(error)}\n`))
  const late = setTimeout(() => process.exit(1), STOP_MS_MAX)
  try {
    http.close()
    sockets.close()
    for (const connection of connections) connection.destroy()
    await parts.stop()
    await pages.close()
  } catch (error) {
    process.stderr.write(`Stopping: ${String(error)}\n`)
    code = 1
  }
  clearTimeout(late)
  process.exit(code)
}
