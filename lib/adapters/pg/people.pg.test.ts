import { afterAll, beforeAll, expect, test } from 'vitest'

import { makeAdminLink, newPersonId, useAdminLink } from '#lib/application/people/admin-link.ts'
import { logIn } from '#lib/application/people/log-in.ts'
import { makeToken, TOKENS_MAX } from '#lib/application/people/make-token.ts'
import { hashOf } from '#lib/application/people/secrets.ts'
import { whoAsks } from '#lib/application/people/who-asks.ts'
import { actorName, type Person, type Role } from '#lib/domain/person.ts'
import { systemRandom as random } from '../system/time.ts'
import { pgIdempotency } from './idempotency.ts'
import { pgPeople } from './people.ts'
import { workshopDatabase } from './world.contract.ts'

let world: Awaited<ReturnType<typeof workshopDatabase>>
let people: ReturnType<typeof pgPeople>
beforeAll(async () => {
  world = await workshopDatabase()
  people = pgPeople(world.database)
})
afterAll(() => world.end())

const today = () => new Date()
const note = (by: Person) => ({ id: random.hex(16), actor: actorName(by) })

async function somebody(role: Role = 'contributor') {
  const person: Person = { id: newPersonId(random), name: 'Ada', role }
  const subject = random.hex(4)
  await people.meet({ provider: 'github', subject }, person, note(person))
  return { person, subject }
}
async function tokenOf(person: Person, days = 1) {
  const made = await makeToken({ people, random, today }, { person, name: 'ci', scopes: ['build'], days })
  if (!made.ok) throw new Error(made.error.code)
  return made.value
}
const byToken = (token: string) => whoAsks(people, { token, login: undefined })
const byLogin = (login: string) => whoAsks(people, { token: undefined, login })

test('who signs in again is the same person, with the role that they were given', async () => {
  const { person, subject } = await somebody('visitor')
  await somebody('admin')
  expect(await people.changeRole(person.id, 'maintainer', note(person))).toBe(true)

  const other: Person = { id: newPersonId(random), name: 'Ada 2', role: 'visitor' }
  const met = await people.meet({ provider: 'github', subject }, other, note(other))
  expect(met).toEqual({ ...person, role: 'maintainer' })
})

test('somebody who signs in twenty times at once is one person', async () => {
  const subject = random.hex(4)
  const all = Array.from({ length: 20 }, () => ({ id: newPersonId(random), name: 'Ada', role: 'visitor' as const }))
  const met = await Promise.all(all.map((person) => people.meet({ provider: 'github', subject }, person, note(person))))
  expect(new Set(met.map(({ id }) => id)).size).toBe(1)
})

test('a browser is known until it signs out', async () => {
  const { person } = await somebody()
  const secret = await logIn({ people, random }, person)

  expect(await byLogin(secret)).toEqual({ ok: true, value: { kind: 'browser', person } })
  await people.logOut(hashOf(secret))
  expect(await byLogin(secret)).toEqual({ ok: true, value: { kind: 'stranger' } })
})

test('a login ends with its time', async () => {
  const { person } = await somebody()
  const secret = await logIn({ people, random }, person)
  await world.query(`UPDATE login SET expires_at = now() WHERE hash = $1`, [hashOf(secret)])

  expect(await byLogin(secret)).toEqual({ ok: true, value: { kind: 'stranger' } })
})

test('another role ends every login, and the same role none', async () => {
  await somebody('admin')
  const { person } = await somebody('visitor')
  const secret = await logIn({ people, random }, person)
  await people.changeRole(person.id, 'visitor', note(person))
  expect(await byLogin(secret)).toMatchObject({ value: { kind: 'browser' } })

  await people.changeRole(person.id, 'maintainer', note(person))
  expect(await byLogin(secret)).toMatchObject({ value: { kind: 'stranger' } })
})

test('the last admin stays one, also when two of them take the role from each other at once', async () => {
  await world.query(`UPDATE person SET role = 'visitor'`)
  const [{ person: ada }, { person: eve }] = [await somebody('admin'), await somebody('admin')]
  const both = await Promise.all([
    people.changeRole(ada.id, 'visitor', note(eve)),
    people.changeRole(eve.id, 'visitor', note(ada)),
  ])
  expect(both.toSorted()).toEqual([false, true])
  expect(await people.hasAdmin()).toBe(true)
})

test('secrets are kept nowhere', async () => {
  const { person } = await somebody()
  const secrets = [
    await logIn({ people, random }, person),
    (await tokenOf(person)).secret,
    await makeAdminLink({ people, random }),
  ]
  const rows = await world.query<{ row: string }>(
    `SELECT row_to_json(t)::text AS row FROM login t UNION ALL SELECT row_to_json(t)::text FROM api_token t
     UNION ALL SELECT row_to_json(t)::text FROM admin_link t UNION ALL SELECT row_to_json(t)::text FROM audit_event t`,
  )
  const text = rows.map(({ row }) => row).join('\n')
  expect(secrets.filter((secret) => text.includes(secret) || text.includes(secret.slice(-64)))).toEqual([])
  expect(secrets.every((secret) => text.includes(hashOf(secret)))).toBe(true)
})

test('a token asks for its person with its scopes, and says when it was used', async () => {
  const { person } = await somebody()
  const { secret, token } = await tokenOf(person)

  expect(token).toMatchObject({ name: 'ci', usedAt: undefined, revokedAt: undefined })
  expect(await byToken(secret)).toEqual({ ok: true, value: { kind: 'token', person, scopes: ['build'] } })
  const [listed] = await people.tokens(person.id, 10)
  expect(listed?.usedAt).toBeInstanceOf(Date)
})

test.each<[string, (secret: string, person: Person) => Promise<string>]>([
  ['revoked', async (secret, person) => (await revoke(person), secret)],
  [
    'too old',
    async (secret) => (await world.query('UPDATE api_token SET expires_at = now() WHERE hash = $1', [hashOf(secret)]), secret),
  ],
  ['cut short', async (secret) => secret.slice(0, -1)],
  ['without its prefix', async (secret) => secret.slice('drg_'.length)],
  ['the hash of one', async (secret) => `drg_${hashOf(secret)}`],
  ['of another kind', async (_, person) => logIn({ people, random }, person)],
  ['empty', async () => ''],
])('a token that is %s is refused', async (_, spoil) => {
  const { person } = await somebody()
  const { secret } = await tokenOf(person)
  expect(await byToken(await spoil(secret, person))).toEqual({ ok: false, error: { code: 'bad_token' } })
})

async function revoke(person: Person) {
  for (const { id } of await people.tokens(person.id, 10)) await people.revokeToken(id, person.id, note(person))
}

test("nobody revokes somebody else's token, and nobody twice", async () => {
  const [{ person: ada }, { person: eve }] = [await somebody(), await somebody('admin')]
  const { secret, token } = await tokenOf(ada)

  expect(await people.revokeToken(token.id, eve.id, note(eve))).toBe(false)
  expect(await byToken(secret)).toMatchObject({ ok: true })
  expect(await people.revokeToken(token.id, ada.id, note(ada))).toBe(true)
  expect(await people.revokeToken(token.id, ada.id, note(ada))).toBe(false)
})

test('a person has so many tokens and no more', async () => {
  const { person } = await somebody()
  for (let n = 0; n < TOKENS_MAX; n++) await tokenOf(person)
  const ask = { person, name: 'one more', scopes: [], days: 1 }

  const refused = { ok: false, error: { code: 'too_many_tokens', max: TOKENS_MAX } }
  expect(await makeToken({ people, random, today }, ask)).toEqual(refused)
  await revoke(person)
  expect(await makeToken({ people, random, today }, ask)).toMatchObject({ ok: true })
})

test('an admin link makes one admin, of many who open it at once, and only in its time', async () => {
  const secret = await makeAdminLink({ people, random })
  const opened = await Promise.all(Array.from({ length: 5 }, () => useAdminLink({ people, random }, secret)))
  expect(opened.filter((admin) => admin?.role === 'admin')).toHaveLength(1)
  expect(opened.filter((admin) => admin === undefined)).toHaveLength(4)

  const late = await makeAdminLink({ people, random })
  await world.query('UPDATE admin_link SET expires_at = now()')
  expect(await useAdminLink({ people, random }, late)).toBeUndefined()
  expect(await useAdminLink({ people, random }, 'guessed')).toBeUndefined()
})

test('whatever is done to people and tokens is in the audit trail, newest first', async () => {
  await somebody('admin')
  const { person } = await somebody('visitor')
  await logIn({ people, random }, person)
  await people.changeRole(person.id, 'contributor', note(person))
  const { token } = await tokenOf(person)
  await people.revokeToken(token.id, person.id, note(person))

  const actions = async (subject: string) => (await people.audit({ subject, max: 10 })).map(({ action }) => action)
  expect(await actions(person.id)).toEqual(['role_changed', 'signed_in', 'joined'])
  expect(await actions(token.id)).toEqual(['token_revoked', 'token_made'])
  const [newest] = await people.audit({ max: 1 })
  expect(newest).toMatchObject({ action: 'token_revoked', actor: actorName(person) })
  expect(await people.audit({ max: 1, before: new Date(0) })).toEqual([])
})

test('a repeated request gets the first answer, and another one under its key is refused', async () => {
  const { person } = await somebody()
  const keys = pgIdempotency(world.database)
  const begin = (request: string) => keys.begin(person.id, 'k', hashOf(request))

  const first = await Promise.all([begin('a'), begin('a'), begin('a')])
  expect(first.map(({ kind }) => kind).toSorted()).toEqual(['at_work', 'at_work', 'first'])
  await keys.keep(person.id, 'k', { status: 201, answer: { build: 'b1' } })
  expect(await begin('a')).toEqual({ kind: 'again', kept: { status: 201, answer: { build: 'b1' } } })
  expect(await begin('b')).toEqual({ kind: 'other' })
  const { person: eve } = await somebody()
  expect(await keys.begin(eve.id, 'k', hashOf('b'))).toEqual({ kind: 'first' })
})

test('a key whose request came to nothing, or whose server is gone, may be used again', async () => {
  const { person } = await somebody()
  const keys = pgIdempotency(world.database)
  await keys.begin(person.id, 'k', hashOf('a'))
  await keys.drop(person.id, 'k')
  expect(await keys.begin(person.id, 'k', hashOf('b'))).toEqual({ kind: 'first' })

  await world.query(`UPDATE idempotency_key SET begun_at = now() - interval '2 minutes'`)
  expect(await keys.begin(person.id, 'k', hashOf('b'))).toEqual({ kind: 'first' })
  await world.query(`UPDATE idempotency_key SET begun_at = now() - interval '2 days'`)
  expect(await keys.begin(person.id, 'k', hashOf('c'))).toEqual({ kind: 'first' })
})
