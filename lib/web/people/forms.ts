import { LOGIN_SECONDS } from '#lib/application/people/log-in.ts'
import { originIsAllowed } from '#lib/domain/origin.ts'
import { loginCookie } from '../api/shown.ts'
import { strayPath } from '../stray-path.ts'
import type { SiteSettings } from './settings.ts'

/** Fields of a form; a name that comes twice is none. */
export type Form = (name: string) => string

/** What a form of ours said; undefined when the request is not one that a page of this site sent. */
export async function readForm(request: Request, { origins }: Pick<SiteSettings, 'origins'>): Promise<Form | undefined> {
  const { headers } = request
  const origin = headers.get('origin') ?? undefined
  if (!originIsAllowed({ origin, host: headers.get('host') ?? undefined, allowed: origins })) return undefined
  if (headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() !== 'application/x-www-form-urlencoded')
    return undefined
  const fields = new URLSearchParams(await request.text())
  return (name) => {
    const [value = '', ...others] = fields.getAll(name)
    return others.length === 0 ? value : ''
  }
}

/** The way on after signing in: a path of this site, whatever was asked for. */
export function pathHere(wanted: string | null | undefined): string {
  if (!wanted || !wanted.startsWith('/') || /^\/[/\\]/.test(wanted)) return '/account'
  const path = wanted.split(/[?#]/, 1)[0] ?? ''
  if (strayPath(path) !== undefined || !URL.canParse(wanted, 'http://here.invalid')) return '/account'
  const { origin, pathname, search } = new URL(wanted, 'http://here.invalid')
  return origin === 'http://here.invalid' ? pathname + search : '/account'
}

/** For the browser that the secret is a login of. */
export const setLogin = (secret: string, isSecure: boolean) => cookie(secret, LOGIN_SECONDS, isSecure)
export const clearLogin = (isSecure: boolean) => cookie('', 0, isSecure)

const cookie = (value: string, seconds: number, isSecure: boolean) =>
  `${loginCookie(isSecure)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`

/** Sends on by GET, whatever was asked by. */
export function sendOn(to: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ location: to, 'cache-control': 'no-store' })
  for (const one of cookies) headers.append('set-cookie', one)
  return new Response(null, { status: 303, headers })
}
