import { makeToken, TOKENS_LISTED_MAX } from '#lib/application/people/make-token.ts'
import { newAuditId } from '#lib/application/people/secrets.ts'
import { API_PROBLEMS, type ApiProblem } from '#lib/domain/api-problem.ts'
import { personId, tokenId } from '#lib/domain/ids.ts'
import { may } from '#lib/domain/may.ts'
import { actorName, type Person, ROLES, SCOPES } from '#lib/domain/person.ts'
import { PEOPLE_OPERATIONS } from '#lib/protocol/http/people-operations.ts'
import { PEOPLE_LISTED_MAX } from '../api/people-handlers.ts'
import { csrfOf } from '#lib/application/people/secrets.ts'
import { accountPage, type AccountView } from './account-page.ts'
import { type Form, sendOn } from './forms.ts'
import { pageAnswer } from './page-answer.ts'
import type { Visit } from './site.ts'

type Told = Pick<AccountView, 'made' | 'problem'>

/** Somebody's own page. */
export async function showAccount(
  { world, settings, asker, login = '' }: Visit,
  person: Person,
  told: Told = {},
): Promise<Response> {
  const [tokens, people] = await Promise.all([
    world.people.tokens(person.id, TOKENS_LISTED_MAX),
    may(asker, 'change_role').ok ? world.people.list(PEOPLE_LISTED_MAX) : undefined,
  ])
  const view = { person, tokens, people, ...told, csrf: csrfOf(login), now: world.clock.today() }
  const page = accountPage({ ...view, mayReadAudit: may(asker, 'read_audit').ok })
  return pageAnswer(page, settings.assets, { status: told.problem === undefined ? 200 : 400 })
}

type OwnAction = (visit: Visit, form: Form) => Promise<Response>

/** What the forms of that page do, each by its address. Who may is asked here again: the page is not what decides. */
export const accountActions: Readonly<Record<string, OwnAction>> = {
  async '/account/tokens'(visit, form) {
    const { world, asker, person } = visit
    const allowed = may(asker, 'manage_tokens')
    if (!allowed.ok || !person) return refused(visit, allowed.ok ? { code: 'bad_csrf' } : allowed.error)
    const scopes = SCOPES.filter((scope) => form(scope) === 'yes')
    const asked = PEOPLE_OPERATIONS.makeToken.body.safeParse({ name: form('name'), scopes, days: Number(form('days')) })
    if (!asked.success) return showAccount(visit, person, { problem: 'A token needs a name of up to 60 letters.' })
    const made = await makeToken({ ...world, today: () => world.clock.today() }, { person, ...asked.data })
    return made.ok ? showAccount(visit, person, { made: made.value.secret }) : refused(visit, made.error)
  },

  async '/account/revoke'(visit, form) {
    const { world, asker, person } = visit
    const allowed = may(asker, 'manage_tokens')
    if (!allowed.ok || !person) return refused(visit, allowed.ok ? { code: 'bad_csrf' } : allowed.error)
    const id = tokenId(form('token'))
    const note = { id: newAuditId(world.random), actor: actorName(person) }
    const isGone = id !== undefined && (await world.people.revokeToken(id, person.id, note))
    return isGone ? sendOn('/account') : refused(visit, { code: 'no_such_token' })
  },

  async '/account/role'(visit, form) {
    const { world, asker, person } = visit
    const allowed = may(asker, 'change_role')
    if (!allowed.ok || !person) return refused(visit, allowed.ok ? { code: 'bad_csrf' } : allowed.error)
    const id = personId(form('person'))
    const role = ROLES.find((one) => one === form('role'))
    if (!id || !role || !(await world.people.find(id))) return refused(visit, { code: 'no_such_person' })
    const note = { id: newAuditId(world.random), actor: actorName(person) }
    return (await world.people.changeRole(id, role, note)) ? sendOn('/account') : refused(visit, { code: 'last_admin' })
  },
}

async function refused(visit: Visit, { code }: ApiProblem): Promise<Response> {
  return visit.person ? showAccount(visit, visit.person, { problem: `${API_PROBLEMS[code].words}.` }) : sendOn('/sign-in')
}
