import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Role, ROLES, type Scope, SCOPES } from '#lib/domain/person.ts'
import { OPERATIONS, type OperationId } from '#lib/protocol/http/operations.ts'
import { apiWorld } from './world.contract.ts'

let world: Awaited<ReturnType<typeof apiWorld>>
beforeAll(async () => void (world = await apiWorld()))
afterAll(() => world.end())

/** By hand, so that a slip in the table of actions is found: the least role, and the scope of a token. */
const WHO: Readonly<Record<OperationId, readonly [Role | 'anyone', Scope | 'any' | 'never']>> = {
  listLanguages: ['anyone', 'any'],
  getLanguage: ['anyone', 'any'],
  listDeployments: ['anyone', 'any'],
  promote: ['maintainer', 'deploy'],
  rollBack: ['maintainer', 'deploy'],
  listAgents: ['anyone', 'any'],
  listBases: ['anyone', 'any'],
  listBuilds: ['anyone', 'any'],
  requestBuild: ['contributor', 'build'],
  getBuild: ['anyone', 'any'],
  readLog: ['anyone', 'any'],
  cancelBuild: ['contributor', 'build'],
  retryBuild: ['contributor', 'build'],
  prioritiseBuild: ['maintainer', 'build'],
  whoAmI: ['visitor', 'any'],
  listTokens: ['visitor', 'never'],
  makeToken: ['visitor', 'never'],
  revokeToken: ['visitor', 'never'],
  listPeople: ['admin', 'admin'],
  changeRole: ['admin', 'never'],
  readAudit: ['maintainer', 'admin'],
}
const ids = Object.keys(WHO) as OperationId[]
const NAMES = { lang: 'nosuchlanguage', build: 'b0123456789abcdef', person: 'p0123456789abcdef', token: 't0123456789abcdef' }
const BODIES: Partial<Record<OperationId, unknown>> = {
  requestBuild: { lang: 'nosuchlanguage' },
  promote: {},
  rollBack: {},
  prioritiseBuild: { priority: 1 },
  makeToken: { name: 'x', scopes: [], days: 1 },
  changeRole: { role: 'visitor' },
}
const REFUSED = ['signed_out', 'role_too_low', 'scope_missing', 'no_tokens']

/** Asks for something that is not there: whoever may is told so, whoever may not is refused. */
async function isRefused(id: OperationId, headers: Record<string, string>) {
  const { method, path } = OPERATIONS[id]
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof NAMES) => NAMES[name])
  const { json } = await world.ask(method, filled, headers, BODIES[id])
  return REFUSED.includes(String(json.code))
}

describe('who may', () => {
  test.each(ids)('%s: strangers and each role in a browser', async (id) => {
    const [least] = WHO[id]
    expect(await isRefused(id, {})).toBe(least !== 'anyone')
    for (const role of ROLES) {
      const headers = await world.browser(await world.somebody(role))
      const rank = least === 'anyone' ? -1 : ROLES.indexOf(least)
      expect([role, await isRefused(id, headers)]).toEqual([role, ROLES.indexOf(role) < rank])
    }
  })

  test.each(ids)("%s: an admin's token of each scope, and a visitor's of all", async (id) => {
    const [least, wanted] = WHO[id]
    const admin = await world.somebody('admin')
    for (const scope of SCOPES) {
      const { headers } = await world.token(admin, [scope])
      expect([scope, await isRefused(id, headers)]).toEqual([scope, wanted !== 'any' && wanted !== scope])
    }
    const { headers } = await world.token(await world.somebody('visitor'))
    expect(await isRefused(id, headers)).toBe((least !== 'anyone' && least !== 'visitor') || wanted === 'never')
  })
})

test('a role that is taken away is gone at once, for browsers and tokens', async () => {
  const admin = await world.somebody('admin')
  const person = await world.somebody('maintainer')
  const [browser, token] = [await world.browser(person), await world.token(person)]
  const headers = await world.browser(admin)
  expect(await world.ask('POST', `/people/${person.id}/role`, headers, { role: 'visitor' })).toMatchObject({
    json: { id: person.id, role: 'visitor' },
  })
  expect((await world.ask('GET', '/audit', browser)).json.code).toBe('signed_out')
  expect((await world.ask('GET', '/audit', token.headers)).json.code).toBe('role_too_low')
})

test('the last admin stays one', async () => {
  await world.query(`UPDATE person SET role = 'visitor'`)
  const admin = await world.somebody('admin')
  const answer = await world.ask('POST', `/people/${admin.id}/role`, await world.browser(admin), { role: 'visitor' })
  expect(answer).toMatchObject({ status: 409, json: { code: 'last_admin' } })
})

describe('a token', () => {
  test.each<[string, (secret: string) => Record<string, string>]>([
    ['with a digit more', (secret) => ({ authorization: `Bearer ${secret}0` })],
    ['in another case', (secret) => ({ authorization: `Bearer ${secret.toUpperCase()}` })],
    ['as a password', (secret) => ({ authorization: `Basic ${btoa(`x:${secret}`)}` })],
    ['without a scheme', (secret) => ({ authorization: secret })],
    ['that is nothing', () => ({ authorization: 'Bearer ' })],
    ['twice', (secret) => ({ authorization: `Bearer ${secret}, Bearer ${secret}` })],
    ['with quotes', () => ({ authorization: `Bearer ' OR 1=1 --` })],
  ])('%s is refused, where a stranger would be let in too', async (_, headersOf) => {
    const { secret } = await world.token(await world.somebody('admin'))
    const answer = await world.ask('GET', '/languages', headersOf(secret))
    expect(answer).toMatchObject({ status: 401, json: { code: 'bad_token' } })
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
  })

  test.each(['?token=', '?access_token=', '?a='])('in an address (%s) is refused, and not obeyed', async (query) => {
    const { secret } = await world.token(await world.somebody('admin'))
    expect(await world.ask('GET', `/me${query}${secret}`)).toMatchObject({ status: 400, json: { code: 'token_in_address' } })
  })

  test('in a cookie is nothing, and a login as a token neither', async () => {
    const admin = await world.somebody('admin')
    const { secret } = await world.token(admin)
    const { cookie = '' } = await world.browser(admin)
    expect((await world.ask('GET', '/me', { cookie: `dragoman=${secret}` })).json.code).toBe('signed_out')
    expect((await world.ask('GET', '/me', { authorization: `Bearer ${cookie.split('=')[1]}` })).json.code).toBe('bad_token')
  })

  test('is made, listed without its secret, used, and revoked', async () => {
    const headers = await world.browser(await world.somebody('contributor'))
    const made = await world.ask('POST', '/tokens', headers, { name: 'ci', scopes: ['build'], days: 30 })
    expect(made.status).toBe(201)
    const { secret, token } = made.json as { secret: string; token: { id: string } }

    const listed = await world.ask('GET', '/tokens', headers)
    expect(listed.text).not.toContain(secret)
    expect(listed.json).toMatchObject({ tokens: [{ id: token.id, name: 'ci', scopes: ['build'] }] })
    const shown = { authorization: `Bearer ${secret}` }
    expect(await world.ask('GET', '/me', shown)).toMatchObject({ status: 200, json: { scopes: ['build'] } })
    expect((await world.ask('DELETE', `/tokens/${token.id}`, headers)).status).toBe(204)
    expect((await world.ask('GET', '/me', shown)).json.code).toBe('bad_token')
    expect((await world.ask('DELETE', `/tokens/${token.id}`, headers)).json.code).toBe('no_such_token')
  })

  test("of somebody else is not to be revoked, not even by an admin's page", async () => {
    const { id, headers } = await world.token(await world.somebody('visitor'))
    const admin = await world.browser(await world.somebody('admin'))
    expect((await world.ask('DELETE', `/tokens/${id}`, admin)).json.code).toBe('no_such_token')
    expect((await world.ask('GET', '/me', headers)).status).toBe(200)
  })
})

describe('a page', () => {
  const role = { role: 'admin' }
  test.each<[string, Record<string, string | undefined>, string]>([
    ['of another site', { origin: 'https://evil.example' }, 'bad_origin'],
    ['of no site', { origin: 'null' }, 'bad_origin'],
    ['that does not say where it is from', { origin: undefined }, 'bad_origin'],
    [
      'that says where it would like to be from',
      { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' },
      'bad_origin',
    ],
    ['without the word of its login', { 'x-dragoman-csrf': undefined }, 'bad_csrf'],
    ['with the word of another login', { 'x-dragoman-csrf': 'f'.repeat(64) }, 'bad_csrf'],
  ])('%s changes nothing', async (_, changed, code) => {
    const admin = await world.somebody('admin')
    const person = await world.somebody('visitor')
    const all = { ...(await world.browser(admin)), ...changed }
    const headers = Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    )
    const answer = await world.ask('POST', `/people/${person.id}/role`, headers, role)
    expect(answer).toMatchObject({ status: 403, json: { code } })
    expect(await world.world.people.find(person.id)).toMatchObject({ role: 'visitor' })
  })

  test('with two cookies of the name is a stranger: nobody knows who planted which', async () => {
    const headers = await world.browser(await world.somebody('admin'))
    expect(
      (await world.ask('GET', '/me', { ...headers, cookie: `dragoman=${'0'.repeat(64)}; ${headers['cookie']}` })).json.code,
    ).toBe('signed_out')
  })

  test('cannot send a form: a body has to say that it is JSON', async () => {
    const headers = await world.browser(await world.somebody('admin'))
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await world.ask('POST', '/builds', { ...headers, 'content-type': type }, '{"lang":"python"}')
      expect(answer).toMatchObject({ status: 415, json: { code: 'not_json' } })
    }
  })
})

test.each<Record<string, string>>([
  { 'x-middleware-subrequest': 'middleware:middleware:middleware:middleware:middleware' },
  { 'x-middleware-subrequest': 'src/middleware', 'x-middleware-rewrite': '/api/v1/me' },
  { 'x-original-url': '/api/v1/languages', 'x-rewrite-url': '/api/v1/languages' },
  { 'x-http-method-override': 'GET', 'x-forwarded-for': '127.0.0.1' },
  { 'x-forwarded-user': 'admin', 'x-remote-user': 'admin', 'x-dragoman-role': 'admin' },
])('no header lets a stranger in: %o', async (headers) => {
  for (const id of ids) if (WHO[id][0] !== 'anyone') expect([id, await isRefused(id, headers)]).toEqual([id, true])
})
