import { createRequire } from 'node:module'

import type { AuthOptions } from 'next-auth'

// The package is CommonJS and puts its function under `default`, which importers unwrap differently; `require` does not.
const nextAuth = (createRequire(import.meta.url)('next-auth') as { default: NextAuth }).default
type NextAuth = (request: object, answer: object, options: AuthOptions) => Promise<void>

export type AuthCall = {
  readonly method: 'GET' | 'POST'
  /** Action and provider. */
  readonly path: readonly string[]
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, string>>
  readonly cookies: Readonly<Record<string, string>>
}
export type AuthAnswer = {
  readonly location: string | undefined
  /** Set-Cookie headers. */
  readonly cookies: readonly string[]
  readonly body: unknown
}

/**
 * One request to next-auth, by the interface that it has for Next's older routes: plain values in, plain values out. Neither Next
 * nor a port of ours is in between.
 */
export async function callNextAuth(site: string, options: AuthOptions, call: AuthCall): Promise<AuthAnswer> {
  const headers = new Map<string, unknown>()
  let body: unknown
  const answer = {
    status: () => answer,
    setHeader: (name: string, value: unknown) => (headers.set(name.toLowerCase(), value), answer),
    getHeader: (name: string) => headers.get(name.toLowerCase()),
    json: (value: unknown) => void (body = value),
    send: (value: unknown) => void (body = value),
    end: () => undefined,
  }
  // It looks nowhere else for where it is served, and it does so before it waits for anything.
  process.env['NEXTAUTH_URL'] = site
  const { method, path, query = {}, body: form, cookies } = call
  await nextAuth({ method, query: { ...query, nextauth: path }, cookies, headers: {}, body: form }, answer, options)
  const location = headers.get('location')
  const set = headers.get('set-cookie') ?? []
  return {
    location: typeof location === 'string' ? location : undefined,
    cookies: Array.isArray(set) ? set.map(String) : [],
    body,
  }
}
