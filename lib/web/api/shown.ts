import type { Shown } from '#lib/application/people/who-asks.ts'
import { TOKEN_PREFIX } from '#lib/application/people/secrets.ts'

/** Of the cookie that a browser is known by. With `__Host-` no other host can plant one, and it travels by TLS alone. */
export const loginCookie = (isSecure: boolean): string => (isSecure ? '__Host-dragoman' : 'dragoman')

/** What a request shows of who makes it. A header that is no bearer's is a token that is none. */
export function shownIn(headers: Headers, isSecure: boolean): Shown {
  const header = headers.get('authorization')
  const token = header === null ? undefined : (/^Bearer ([\x21-\x7e]{1,200})$/i.exec(header)?.[1] ?? '')
  return { token, login: cookieIn(headers, loginCookie(isSecure)) }
}

/** Undefined when there is none, or more than one: of two nobody knows who planted which. */
export function cookieIn(headers: Headers, name: string): string | undefined {
  const found = (headers.get('cookie') ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  return found.length === 1 ? found[0] : undefined
}

/** Whether a token stands where addresses are logged. */
export const hasTokenInAddress = (url: URL): boolean =>
  url.pathname.includes(TOKEN_PREFIX) || url.search.includes(TOKEN_PREFIX) || url.searchParams.has('access_token')
