import { createHash } from 'node:crypto'

import { API_PROBLEMS, type ApiProblem } from '#lib/domain/api-problem.ts'

/** Nobody in between keeps it, and who asks again may be told that nothing has changed. */
const KEPT = { 'cache-control': 'private, no-cache', vary: 'authorization, cookie' }
const ETAG_CHARS = 32

/** A problem as programs and people read it; the one shape of every error. */
export function problemBody({ code, ...details }: ApiProblem) {
  const retryMs = 'retryAfterMs' in details ? details.retryAfterMs : undefined
  const rest = Object.fromEntries(Object.entries(details).filter(([name]) => name !== 'retryAfterMs'))
  return {
    code,
    message: API_PROBLEMS[code].words,
    ...(retryMs !== undefined && { retryAfter: Math.ceil(retryMs / 1000) }),
    ...(Object.keys(rest).length > 0 && { details: rest }),
  }
}

export function problemAnswer(problem: ApiProblem): Response {
  const body = problemBody(problem)
  const headers = new Headers({ 'cache-control': 'no-store' })
  if (body.retryAfter !== undefined) headers.set('retry-after', String(body.retryAfter))
  if (problem.code === 'signed_out' || problem.code === 'bad_token') headers.set('www-authenticate', 'Bearer realm="dragoman"')
  if (problem.code === 'wrong_method') headers.set('allow', problem.allow.join(', '))
  return Response.json(body, { status: API_PROBLEMS[problem.code].status, headers })
}

/** JSON with a mark of what is in it, so that a reader who has it already gets no more than that. */
export function readAnswer(value: unknown, request: Request): Response {
  const text = JSON.stringify(value)
  const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, ETAG_CHARS)}"`
  const known =
    request.headers
      .get('if-none-match')
      ?.split(',')
      .map((mark) => mark.trim().replace(/^W\//, '')) ?? []
  const headers = { ...KEPT, etag }
  if (known.includes(etag) || known.includes('*')) return new Response(null, { status: 304, headers })
  return new Response(text, { headers: { ...headers, 'content-type': 'application/json' } })
}
