import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export const CLIENT = { clientId: 'a client', clientSecret: 'its secret' }

type Grant = { readonly challenge: string; readonly redirect: string; readonly profile: object }

/** A server that keeps to what GitHub documents of signing in: codes are good once, and only with the secret and the verifier. */
export async function fakeGithub() {
  const grants = new Map<string, Grant>()
  const tokens = new Map<string, object>()
  const http = createServer(async (request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.url === '/login/oauth/access_token') {
      const form = new URLSearchParams(await bodyOf(request))
      const code = form.get('code') ?? ''
      const grant = grants.get(code)
      grants.delete(code)
      const verifier = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      const isRight = isOurs(request, form) && grant?.challenge === verifier && grant.redirect === form.get('redirect_uri')
      if (!isRight || !grant) return answer(200, { error: 'bad_verification_code' })
      const token = randomBytes(8).toString('hex')
      tokens.set(token, grant.profile)
      return answer(200, { access_token: token, token_type: 'bearer', scope: 'read:user' })
    }
    const profile = tokens.get(/^Bearer (.*)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '')
    return request.url === '/user' && profile ? answer(200, profile) : answer(401, { message: 'Bad credentials' })
  })
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}` // it listens on a port
  return {
    url,
    /** Somebody lets us know who they are: the address that GitHub sends them back to. */
    allow(location: string, profile: object): URL {
      const asked = new URL(location).searchParams
      const redirect = asked.get('redirect_uri') ?? ''
      const code = randomBytes(8).toString('hex')
      grants.set(code, { challenge: asked.get('code_challenge') ?? '', redirect, profile })
      const back = new URL(redirect)
      back.searchParams.set('code', code)
      back.searchParams.set('state', asked.get('state') ?? '')
      return back
    },
    async end() {
      http.closeAllConnections()
      await new Promise((done) => http.close(done))
    },
  }
}

function isOurs(request: IncomingMessage, form: URLSearchParams): boolean {
  const [id, secret] = Buffer.from(/^Basic (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '', 'base64')
    .toString()
    .split(':')
  const given = [
    form.get('client_id') ?? decodeURIComponent(id ?? ''),
    form.get('client_secret') ?? decodeURIComponent(secret ?? ''),
  ]
  return given[0]?.replaceAll('+', ' ') === CLIENT.clientId && given[1]?.replaceAll('+', ' ') === CLIENT.clientSecret
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const part of request.setEncoding('utf8') as AsyncIterable<string>) body += part
  return body
}
