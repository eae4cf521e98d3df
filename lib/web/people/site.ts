import { useAdminLink } from '#lib/application/people/admin-link.ts'
import { logIn } from '#lib/application/people/log-in.ts'
import { meet } from '#lib/application/people/meet.ts'
import { csrfOf, hashOf, isSecret } from '#lib/application/people/secrets.ts'
import { whoAsks } from '#lib/application/people/who-asks.ts'
import { errorText } from '#lib/application/ports/log.ts'
import type { SignInProvider } from '#lib/application/ports/sign-in-provider.ts'
import { may } from '#lib/domain/may.ts'
import type { Asker, Person } from '#lib/domain/person.ts'
import { rates } from '../api/rates.ts'
import { cookieIn, loginCookie } from '../api/shown.ts'
import type { ApiWorld } from '../api/world.ts'
import type { FetchHandler } from '../fetch-handler.ts'
import { accountActions, showAccount } from './account.ts'
import { AUDIT_ROWS, auditPage } from './audit-page.ts'
import { clearLogin, type Form, pathHere, readForm, sendOn, setLogin } from './forms.ts'
import { pageAnswer, saying } from './page-answer.ts'
import type { SiteSettings } from './settings.ts'
import { adminLinkPage, signInPage } from './sign-in-page.ts'

/** One request of somebody's browser, with who it is. */
export type Visit = {
  readonly world: ApiWorld
  readonly settings: SiteSettings
  readonly request: Request
  readonly url: URL
  readonly asker: Asker
  readonly person: Person | undefined
  /** The secret in its cookie. */
  readonly login: string | undefined
}
type Page = (visit: Visit) => Promise<Response> | Response
type Action = (visit: Visit, form: Form) => Promise<Response>

const NO_DATABASE = saying('The database does not answer', 'Try again in a moment.', { to: '/', words: 'All languages' })
const TOO_MANY = saying('Too many requests', 'Wait a minute, and try again.', { to: '/', words: 'All languages' })

/** Pages about people: signing in and out, one's account, the audit trail. They are documents and forms, and need no script. */
export function peopleSite(world: ApiWorld | undefined, settings: SiteSettings): Readonly<Record<string, FetchHandler>> {
  const rate = world && rates(world.clock)
  const guarded =
    (work: (visit: Visit) => Promise<Response>, kind: 'read' | 'write'): FetchHandler =>
    async (request, address) => {
      if (!world || !rate) return pageAnswer(NO_DATABASE, settings.assets, { status: 503 })
      if (rate(address, kind).isSpent) return pageAnswer(TOO_MANY, settings.assets, { status: 429 })
      try {
        return await work(await visitOf(world, settings, request))
      } catch (error) {
        world.log.error('page failed', { path: new URL(request.url).pathname, error: errorText(error) })
        return pageAnswer(NO_DATABASE, settings.assets, { status: 503 })
      }
    }
  const page = (show: Page) => guarded(async (visit) => show(visit), 'read')
  const action = (act: Action) =>
    guarded(async (visit) => {
      const form = await readForm(visit.request, settings)
      return form ? act(visit, form) : sendOn('/sign-in?error=form')
    }, 'write')
  /** For who is signed in, from a page that this login was given. */
  const ownAction = (act: Action) =>
    action(async (visit, form) => {
      const isOurs = visit.person && visit.login !== undefined && form('csrf') === csrfOf(visit.login)
      return isOurs ? act(visit, form) : sendOn('/sign-in?error=form')
    })
  const { provider } = settings
  return {
    'GET /sign-in': page(showSignIn),
    'GET /sign-in/admin': page(({ url }) => {
      const secret = url.searchParams.get('link') ?? ''
      return isSecret(secret) ? pageAnswer(adminLinkPage(secret), settings.assets) : sendOn('/sign-in?error=link')
    }),
    'POST /sign-in/admin': action(becomeAdmin),
    'POST /sign-out': ownAction(signOut),
    'GET /account': page((visit) => (visit.person ? showAccount(visit, visit.person) : sendOn('/sign-in'))),
    'GET /audit': page(showAudit),
    ...Object.fromEntries(Object.entries(accountActions).map(([path, act]) => [`POST ${path}`, ownAction(act)])),
    ...(provider && {
      'POST /sign-in/provider': action(async (_, form) => {
        const begun = await provider.begin(pathHere(form('to')))
        return begun ? sendOn(begun.location, begun.cookies) : sendOn('/sign-in?error=provider')
      }),
      [`GET ${provider.callbackPath}`]: guarded((visit) => comeBack(visit, provider), 'write'),
    }),
  }
}

async function visitOf(world: ApiWorld, settings: SiteSettings, request: Request): Promise<Visit> {
  const login = cookieIn(request.headers, loginCookie(settings.isSecure))
  const asks = await whoAsks(world.people, { token: undefined, login })
  const asker: Asker = asks.ok ? asks.value : { kind: 'stranger' }
  const person = asker.kind === 'browser' ? asker.person : undefined
  return { world, settings, request, url: new URL(request.url), asker, person, login }
}

function showSignIn({ settings: { provider, assets }, url, person }: Visit): Response {
  const why = url.searchParams.get('error')
  const to = pathHere(url.searchParams.get('to'))
  if (person && why === null) return sendOn(to)
  return pageAnswer(signInPage(provider, to, why), assets, { formTargets: provider ? [provider.origin] : [] })
}

async function becomeAdmin({ world, settings, login }: Visit, form: Form): Promise<Response> {
  const admin = await useAdminLink(world, form('link'))
  if (!admin) return sendOn('/sign-in?error=link')
  if (login !== undefined) await world.people.logOut(hashOf(login))
  return sendOn('/account', [setLogin(await logIn(world, admin), settings.isSecure)])
}

/** The provider has sent somebody back. Whoever the browser was before is signed out: a login has one person. */
async function comeBack({ world, settings, request, url, login }: Visit, provider: SignInProvider): Promise<Response> {
  const ended = await provider.end(url.searchParams, request.headers.get('cookie') ?? '')
  if (ended.kind === 'refused') return sendOn(`/sign-in?error=${encodeURIComponent(ended.why)}`, ended.cookies)
  const person = await meet(world, { provider: provider.id, admins: settings.admins }, ended.known)
  if (login !== undefined) await world.people.logOut(hashOf(login))
  const cookies = [...ended.cookies, setLogin(await logIn(world, person), settings.isSecure)]
  return sendOn(pathHere(ended.known.to), cookies)
}

async function signOut({ world, settings, login }: Visit): Promise<Response> {
  if (login !== undefined) await world.people.logOut(hashOf(login))
  return sendOn('/', [clearLogin(settings.isSecure)])
}

async function showAudit({ world, settings, url, asker }: Visit): Promise<Response> {
  const allowed = may(asker, 'read_audit')
  if (!allowed.ok && allowed.error.code === 'signed_out') return sendOn('/sign-in?to=/audit')
  if (!allowed.ok) return pageAnswer(NOT_YOURS, settings.assets, { status: 403 })
  const before = new Date(url.searchParams.get('before') ?? '')
  const isTime = !Number.isNaN(before.getTime())
  const events = await world.people.audit({ max: AUDIT_ROWS, ...(isTime && { before }) })
  return pageAnswer(auditPage(events), settings.assets)
}
const NOT_YOURS = saying('Not for your role', 'Maintainers and admins read the audit trail.', {
  to: '/account',
  words: 'Your account',
})
