import { type NextRequest, NextResponse } from 'next/server'

import { contentPolicy, NONCE_HEADER, PATH_HEADER } from '#lib/web/page-policy.ts'

/** Gives every page its own nonce. Nothing is authorised here: what a request may do, its handler decides. */
export function proxy(request: NextRequest): NextResponse {
  const nonce = crypto.randomUUID().replaceAll('-', '')
  const policy = contentPolicy(nonce, process.env.NODE_ENV === 'development')

  // Next takes the nonce for its own scripts from the request's policy, so whatever a visitor sent under these names goes.
  const headers = new Headers(request.headers)
  headers.set('content-security-policy', policy)
  headers.delete('content-security-policy-report-only')
  headers.set(NONCE_HEADER, nonce)
  headers.set(PATH_HEADER, request.nextUrl.pathname)

  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  return response
}

export const config = { matcher: '/((?!_next/static|healthz$|readyz$|metrics$).*)' }
