import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'

import { contentPolicy } from '../page-policy.ts'
import { accepts } from '../static-files.ts'
import type { PlainAssets } from './document.ts'
import type { PlainAnswer } from './pages.ts'

/** Sends an answer of the plain pages. */
export function sendPlain(request: IncomingMessage, response: ServerResponse, answer: PlainAnswer, assets: PlainAssets): void {
  if (answer.status === 302) {
    return void response.writeHead(302, { location: answer.location, 'cache-control': 'no-store' }).end()
  }
  const nonce = randomBytes(16).toString('hex')
  const document = Buffer.from(answer.document(assets, nonce))
  const isSmall = accepts(request, 'gzip')
  const body = isSmall ? gzipSync(document) : document
  response.writeHead(answer.status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': body.length,
    'content-security-policy': contentPolicy(nonce, false),
    'cache-control': 'no-cache',
    vary: 'accept-encoding',
    ...(isSmall ? { 'content-encoding': 'gzip' } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
