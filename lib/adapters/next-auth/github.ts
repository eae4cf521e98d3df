import { createHash } from 'node:crypto'

import type { AuthOptions } from 'next-auth'

import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { SignedIn, SignInProvider } from '#lib/application/ports/sign-in-provider.ts'
import { callNextAuth } from './call-next-auth.ts'

export type GithubSettings = {
  readonly clientId: string
  readonly clientSecret: string
  /** Where people reach us. */
  readonly site: string
  /** Where GitHub is, and its API; an installation of one's own has others. */
  readonly github: string
  readonly githubApi: string
  readonly log: Log
}

const ID = 'github'
/** Time to find one's password. */
const COOKIE_SECONDS = 15 * 60

/** What GitHub says of somebody, of which we ask for no more than this. */
type Profile = { readonly id: number; readonly login: string; readonly name?: string | null }

/** Signing in by GitHub. next-auth does the conversation (state, PKCE, issuer); who that is to us, and for how long, is not its business. */
export function githubSignIn(settings: GithubSettings): SignInProvider {
  const { site, github } = settings
  const isSecure = site.startsWith('https:')
  const name = (what: string) => `${isSecure ? '__Host-' : ''}dragoman.${what}`
  const call = async (request: Parameters<typeof callNextAuth>[2], signIn?: (known: Omit<SignedIn, 'to'>) => void) =>
    callNextAuth(site, options(settings, cookies(name, isSecure), signIn), request)
  return {
    id: ID,
    name: 'GitHub',
    origin: new URL(github).origin,
    callbackPath: `/api/auth/callback/${ID}`,

    async begin(to) {
      const asked = await call({ method: 'GET', path: ['csrf'], cookies: {} })
      const { csrfToken = '' } = asked.body as { csrfToken?: string } // its answer to just this
      const given = pairs(asked.cookies)
      const form = { csrfToken, callbackUrl: new URL(to, site).href }
      const begun = await call({ method: 'POST', path: ['signin', ID], cookies: given, body: form })
      const isThere = begun.location?.startsWith(`${github}/`)
      return isThere && begun.location ? { location: begun.location, cookies: begun.cookies } : undefined
    },

    async end(query, cookie) {
      let known: Omit<SignedIn, 'to'> | undefined
      const given = pairs(cookie.split(';').map((pair) => pair.trim()))
      const request = { method: 'GET', path: ['callback', ID], query: Object.fromEntries(query), cookies: given } as const
      const ended = await call(request, (found) => (known = found))
      const to = URL.parse(given[name('to')] ?? '')
      if (known) return { kind: 'known', known: { ...known, to: to ? to.pathname + to.search : '/' }, cookies: ended.cookies }
      const why = URL.parse(ended.location ?? '', site)?.searchParams.get('error') ?? 'Callback'
      return { kind: 'refused', why, cookies: ended.cookies }
    },
  }
}

function options(
  { clientId, clientSecret, github, githubApi, log }: GithubSettings,
  named: NonNullable<AuthOptions['cookies']>,
  signIn: ((known: Omit<SignedIn, 'to'>) => void) | undefined,
): AuthOptions {
  return {
    // It seals what is in the cookies; every server that knows the client has the same.
    secret: createHash('sha256').update(`cookies ${clientSecret}`).digest('hex'),
    cookies: named,
    logger: {
      error: (code, fields) =>
        log.warn('sign-in failed', { code, error: errorText(fields instanceof Error ? fields : fields.error) }),
      warn: () => undefined,
      debug: () => undefined,
    },
    providers: [
      {
        ...{ id: ID, name: 'GitHub', type: 'oauth', clientId, clientSecret },
        checks: ['pkce', 'state'],
        issuer: `${github}/login/oauth`,
        authorization: { url: `${github}/login/oauth/authorize`, params: { scope: 'read:user' } },
        token: `${github}/login/oauth/access_token`,
        userinfo: `${githubApi}/user`,
        profile: ({ id, login, name }: Profile) => ({ id: String(id), name: name || login }),
      },
    ],
    callbacks: {
      /** The last thing it asks; a way on in place of a yes has it make no session of its own. */
      signIn({ user, account }) {
        if (account && /^\d{1,20}$/.test(account.providerAccountId)) {
          signIn?.({ subject: account.providerAccountId, name: user.name ?? '' })
        }
        return '/'
      },
    },
  }
}

function cookies(name: (what: string) => string, secure: boolean): NonNullable<AuthOptions['cookies']> {
  const one = (what: string) => {
    return { name: name(what), options: { httpOnly: true, sameSite: 'lax', path: '/', secure, maxAge: COOKIE_SECONDS } }
  }
  return {
    ...{ state: one('state'), pkceCodeVerifier: one('pkce'), nonce: one('nonce') },
    ...{ csrfToken: one('begin'), callbackUrl: one('to'), sessionToken: one('unused') },
  }
}

/** Names and values of cookies, or of the headers that set them. */
function pairs(texts: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const text of texts) {
    const [pair = ''] = text.split(';', 1)
    const at = pair.indexOf('=')
    if (at > 0) found[pair.slice(0, at)] = decoded(pair.slice(at + 1))
  }
  return found
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
