import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

/** Answers one request; `address` is whose it counts as. Its signal ends with the connection. */
export type FetchHandler = (request: Request, address: string) => Promise<Response>

/** Longest body that is read: a config with room to spare. */
export const BODY_BYTES_MAX = 512 * 1024

export type HandlerFor = {
  readonly handler: FetchHandler
  readonly address: string
  /** What says that a body is too long. */
  tooLarge(max: number): Response
}

/** Carries a request of Node's server to a handler of the web's own kind, and its answer back. */
export async function answerByFetch(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { handler, address, tooLarge }: HandlerFor,
): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const body = await readBody(incoming)
  if (body === 'gone') return
  const response =
    body === 'too_large' ? tooLarge(BODY_BYTES_MAX) : await handler(requestOf(incoming, body, gone.signal), address)
  send(incoming, outgoing, response, body === 'too_large')
}

async function readBody(incoming: IncomingMessage): Promise<Buffer | 'too_large' | 'gone'> {
  if (Number(incoming.headers['content-length'] ?? 0) > BODY_BYTES_MAX) return 'too_large'
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of incoming as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > BODY_BYTES_MAX) return 'too_large'
      parts.push(part)
    }
  } catch {
    return 'gone'
  }
  return Buffer.concat(parts)
}

function requestOf(incoming: IncomingMessage, body: Buffer, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined || name.startsWith(':')) continue
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one)
  }
  const method = incoming.method ?? 'GET'
  // Only path and query are read of it; which host was asked for stands in its header.
  const url = new URL(incoming.url ?? '/', 'http://here.invalid')
  const hasBody = method !== 'GET' && method !== 'HEAD' && body.length > 0
  return new Request(url, { method, headers, signal, ...(hasBody && { body: new Uint8Array(body) }) })
}

function send(incoming: IncomingMessage, outgoing: ServerResponse, response: Response, isCutShort: boolean): void {
  if (outgoing.destroyed) return void response.body?.cancel().catch(() => undefined)
  for (const [name, value] of response.headers) if (name !== 'set-cookie') outgoing.setHeader(name, value)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies)
  // What is left of a body that nobody reads would be taken for the next request.
  if (isCutShort) outgoing.setHeader('connection', 'close')
  outgoing.writeHead(response.status)
  if (!response.body || incoming.method === 'HEAD') {
    void response.body?.cancel().catch(() => undefined)
    return void outgoing.end()
  }
  outgoing.flushHeaders()
  // The cast: the web's stream and Node's own declaration of it differ in name alone.
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
  body.once('error', () => outgoing.destroy())
  outgoing.once('close', () => body.destroy())
  body.pipe(outgoing)
}
