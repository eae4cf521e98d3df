import { makeToken, TOKENS_LISTED_MAX } from '#lib/application/people/make-token.ts'
import { newAuditId } from '#lib/application/people/secrets.ts'
import { actorName } from '#lib/domain/person.ts'
import { err, ok } from '#lib/domain/result.ts'
import type { PEOPLE_OPERATIONS } from '#lib/protocol/http/people-operations.ts'
import { askedBy } from './asked-by.ts'
import { presentToken } from './present.ts'
import type { Handler } from './world.ts'

const AUDIT = 50
/** Whoever has more people than this looks them up in the database. */
export const PEOPLE_LISTED_MAX = 1000

type Handlers = { readonly [Id in keyof typeof PEOPLE_OPERATIONS]: Handler<Id> }

export const PEOPLE_HANDLERS: Handlers = {
  async whoAmI(_, { asker }) {
    const person = askedBy(asker)
    if (!person.ok) return person
    return ok({ ...person.value, scopes: asker.kind === 'token' ? [...asker.scopes] : undefined })
  },

  async listTokens({ people }, { asker }) {
    const person = askedBy(asker)
    if (!person.ok) return person
    return ok({ tokens: (await people.tokens(person.value.id, TOKENS_LISTED_MAX)).map(presentToken) })
  },

  async makeToken(world, { asker, body }) {
    const person = askedBy(asker)
    if (!person.ok) return person
    const made = await makeToken({ ...world, today: () => world.clock.today() }, { person: person.value, ...body })
    return made.ok ? ok({ secret: made.value.secret, token: presentToken(made.value.token) }) : made
  },

  async revokeToken({ people, random }, { asker, params: { token } }) {
    const person = askedBy(asker)
    if (!person.ok) return person
    const note = { id: newAuditId(random), actor: actorName(person.value) }
    return (await people.revokeToken(token, person.value.id, note)) ? ok(undefined) : err({ code: 'no_such_token' })
  },

  async listPeople({ people }) {
    const found = await people.list(PEOPLE_LISTED_MAX)
    return ok({ people: found.map(({ createdAt, ...person }) => ({ ...person, createdAt: createdAt.toISOString() })) })
  },

  async changeRole({ people, random }, { asker, params, body: { role } }) {
    const by = askedBy(asker)
    if (!by.ok) return by
    const person = await people.find(params.person)
    if (!person) return err({ code: 'no_such_person' })
    const note = { id: newAuditId(random), actor: actorName(by.value) }
    return (await people.changeRole(person.id, role, note)) ? ok({ ...person, role }) : err({ code: 'last_admin' })
  },

  async readAudit({ people }, { query: { subject, before, max = AUDIT } }) {
    const events = await people.audit({ max, ...(subject !== undefined && { subject }), ...(before && { before }) })
    return ok({ events: events.map((event) => ({ ...event, at: event.at.toISOString() })) })
  },
}
