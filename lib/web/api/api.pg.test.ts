import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { AGENT, BASE, buildThrough, newBuildId, newInputs, newLang, newRequest } from '#lib/application/testing/builds.ts'
import { actorName, type Role } from '#lib/domain/person.ts'
import type { Operation } from '#lib/protocol/http/operation.ts'
import { OPERATIONS } from '#lib/protocol/http/operations.ts'
import { problemShape } from '#lib/protocol/http/shapes.ts'
import { BUILDS_MAX } from './build-handlers.ts'
import { RATES } from './rates.ts'
import { apiWorld } from './world.contract.ts'

let world: Awaited<ReturnType<typeof apiWorld>>
beforeAll(async () => void (world = await apiWorld()))
afterAll(() => world.end())

const DEEP = '['.repeat(100_000)
test.each<[string, string, unknown, number, string]>([
  ['GET', '/nothing', undefined, 404, 'no_such_route'],
  ['GET', '/builds/', undefined, 404, 'no_such_route'],
  ['GET', '/builds/%zz', undefined, 404, 'no_such_route'],
  ['GET', '/__proto__', undefined, 404, 'no_such_route'],
  ['GET', '/builds/b1', undefined, 400, 'bad_request'],
  ['GET', '/builds/B0123456789ABCDEF', undefined, 400, 'bad_request'],
  ['GET', '/builds/%2e%2e%2fme', undefined, 400, 'bad_request'],
  ['GET', '/builds?max=0', undefined, 400, 'bad_request'],
  ['GET', '/builds?max=1e3', undefined, 400, 'bad_request'],
  ['GET', '/builds?max=201', undefined, 400, 'bad_request'],
  ['GET', '/builds?max=1&max=2', undefined, 400, 'bad_request'],
  ['GET', '/builds?__proto__=1', undefined, 400, 'bad_request'],
  ['GET', '/builds?lang=../etc', undefined, 400, 'bad_request'],
  ['GET', '/builds/b0123456789abcdef/log?from=image', undefined, 400, 'bad_request'],
  ['GET', '/audit?before=yesterday', undefined, 400, 'bad_request'],
  ['PUT', '/builds', undefined, 405, 'wrong_method'],
  ['DELETE', '/languages', undefined, 405, 'wrong_method'],
  ['POST', '/builds', '', 400, 'bad_request'],
  ['POST', '/builds', '{', 400, 'bad_request'],
  ['POST', '/builds', DEEP, 400, 'bad_request'],
  ['POST', '/builds', 'null', 400, 'bad_request'],
  ['POST', '/builds', [], 400, 'bad_request'],
  ['POST', '/builds', { lang: 1 }, 400, 'bad_request'],
  ['POST', '/builds', { lang: 'python', from: 'deploy' }, 400, 'bad_request'],
  ['POST', '/builds', { lang: 'python', by: 'admin' }, 400, 'bad_request'],
  ['POST', '/builds', '{"lang":"python","__proto__":{"role":"admin"}}', 400, 'bad_request'],
  ['POST', '/builds', { lang: 'python', config: 'x'.repeat(100_001) }, 400, 'bad_request'],
  ['POST', '/builds', { lang: 'python', config: 'x'.repeat(600_000) }, 413, 'too_large'],
  ['POST', '/builds', { lang: 'python', config: 'id: [' }, 422, 'bad_config'],
  ['POST', '/builds', { lang: 'python', config: 'id: ruby\nname: x\nmain: x\nrun: x\n' }, 422, 'bad_config'],
  ['POST', '/builds', { lang: 'nosuchlanguage' }, 404, 'no_such_language'],
  ['POST', '/builds', { lang: 'python', agent: '9.9.9' }, 422, 'unknown_input'],
  ['POST', '/languages/python/rollback', { to: 0 }, 400, 'bad_request'],
  ['POST', '/languages/python/rollback', {}, 409, 'nothing_before'],
  ['POST', '/languages/python/deployments', { force: ['everything'] }, 400, 'bad_request'],
  ['POST', '/builds/b0123456789abcdef/cancel', { why: 'x' }, 400, 'bad_request'],
  ['POST', '/builds/b0123456789abcdef/cancel', undefined, 404, 'no_such_build'],
])('%s %s %j: %i %s', async (method, path, body, status, code) => {
  const { headers } = await world.token(await world.somebody('admin'))
  const answer = await world.ask(method, path, headers, body)
  expect(answer).toMatchObject({ status, json: { code } })
  expect(problemShape.strict().parse(answer.json).message).not.toBe('')
  expect(answer.text.length).toBeLessThan(5000)
})

test('token names with marks that turn the reading round are refused, and mark-up is data', async () => {
  const headers = await world.browser(await world.somebody('visitor'))
  const named = (name: string) => world.ask('POST', '/tokens', headers, { name, scopes: [], days: 1 })
  for (const name of ['', '  ', 'a\u202eb', 'a\u0000b', 'a\nb', 'x'.repeat(61)]) expect((await named(name)).status).toBe(400)
  const made = await named('<script>alert(1)</script>')
  expect(made).toMatchObject({ status: 201, json: { token: { name: '<script>alert(1)</script>' } } })
  expect(made.headers.get('content-type')).toBe('application/json')
})

describe('builds', () => {
  test('one is asked for once however often under a key, is listed, and cancelled by who asked', async () => {
    const person = await world.somebody('contributor')
    const { headers } = await world.token(person)
    const keyed = { ...headers, 'idempotency-key': 'again' }
    const ask = () => world.ask('POST', '/builds', keyed, { lang: 'python', refresh: true })
    const first = await ask()
    expect(first).toMatchObject({ status: 201, json: { how: 'new' } })
    const { build } = first.json
    for (let n = 0; n < 3; n++) expect(await ask()).toMatchObject({ status: 201, json: first.json })
    expect(await world.ask('POST', '/builds', keyed, { lang: 'ruby' })).toMatchObject({
      status: 422,
      json: { code: 'key_reused' },
    })

    const listed = await world.ask('GET', '/builds?lang=python&live=true')
    expect(listed.json).toMatchObject({
      builds: [{ id: build, by: actorName(person), inputs: { agent: AGENT, base: BASE.digest } }],
    })
    expect((await world.ask('POST', `/builds/${build}/cancel`, headers)).status).toBe(200)
    expect((await world.ask('POST', `/builds/${build}/cancel`, headers)).json.code).toBe('not_at_work')
    expect((await world.ask('POST', `/builds/${build}/retry`, headers)).json).toMatchObject({ how: 'new' })
  })

  test("somebody else's is cancelled by a maintainer, not by a contributor", async () => {
    const asked = newRequest()
    await world.world.queue.request(asked)
    const by = async (role: Role) => (await world.token(await world.somebody(role))).headers
    expect((await world.ask('POST', `/builds/${asked.id}/cancel`, await by('contributor'))).json.code).toBe('role_too_low')
    expect((await world.ask('POST', `/builds/${asked.id}/cancel`, await by('maintainer'))).status).toBe(200)
  })

  test('a more urgent one goes first', async () => {
    const { headers } = await world.token(await world.somebody('maintainer'))
    const [first, second] = [newRequest({ priority: 50 }), newRequest({ priority: 50 })]
    for (const asked of [first, second]) await world.world.queue.request(asked)
    expect((await world.ask('POST', `/builds/${second.id}/priority`, headers, { priority: 99 })).json).toMatchObject({
      priority: 99,
    })

    const leased = await world.world.queue.lease('here', 1)
    expect(leased?.build).toBe(second.id)
    for (const { id } of [first, second]) await world.world.queue.cancel(id, 'test')
    if (leased) await world.world.queue.finish(leased, { outcome: 'failed', reason: 'enough' })
    expect((await world.ask('POST', `/builds/${second.id}/priority`, headers, { priority: 1 })).json.code).toBe('not_at_work')
  })

  test('a contributor has so many at work and no more', async () => {
    const person = await world.somebody('contributor')
    const { headers } = await world.token(person)
    const asked = Array.from({ length: BUILDS_MAX.contributor }, () => newRequest({ by: actorName(person) }))
    for (const one of asked) await world.world.queue.request(one)
    const ask = () => world.ask('POST', '/builds', headers, { lang: 'python', refresh: true })
    expect(await ask()).toMatchObject({ status: 429, json: { code: 'quota_spent', details: { max: BUILDS_MAX.contributor } } })
    await world.world.queue.cancel(asked[0]?.id ?? newBuildId(), 'test')
    expect((await ask()).status).toBe(201)
    await world.query(`UPDATE build SET outcome = 'cancelled', reason = 'test', ended_at = now() WHERE outcome IS NULL`)
    await world.query(`UPDATE build_step SET state = 'done', outcome = 'cancelled', ended_at = now() WHERE outcome IS NULL`)
  })
})

describe('what is live', () => {
  test('a regression is refused with its words, forced by an admin alone, and rolled back', async () => {
    const lang = newLang()
    const { queue } = world.world
    const good = await buildThrough(queue, newInputs({ lang }), { run: 'ok', lsp: 'ok' })
    const maintainer = (await world.token(await world.somebody('maintainer'))).headers
    const admin = (await world.token(await world.somebody('admin'))).headers
    const promote = (headers: Record<string, string>, body: object) =>
      world.ask('POST', `/languages/${lang}/deployments`, headers, body)
    expect(await promote(maintainer, { build: good })).toMatchObject({ status: 201, json: { number: 1, changed: true } })
    expect(await promote(maintainer, { build: good })).toMatchObject({ status: 201, json: { number: 1, changed: false } })

    const worse = await buildThrough(queue, newInputs({ lang }), { run: 'ok', lsp: 'failed' })
    const lost = { code: 'regression', details: { regressions: [{ check: 'lsp', was: 'ok', is: 'failed' }] } }
    expect(await promote(maintainer, { build: worse })).toMatchObject({ status: 409, json: lost })
    expect((await promote(maintainer, { build: worse, force: ['lsp'] })).json.code).toBe('role_too_low')
    expect((await promote(admin, { build: worse, force: ['lsp'] })).json).toMatchObject({ number: 2, forced: ['lsp'] })

    expect((await world.ask('POST', `/languages/${lang}/rollback`, maintainer, {})).json).toMatchObject({ number: 3 })
    const history = await world.ask('GET', `/languages/${lang}/deployments`)
    expect(history.json).toMatchObject({ deployments: [{ kind: 'rollback', restores: 1 }, { forced: ['lsp'] }, { number: 1 }] })
    expect((await world.ask('GET', `/languages/${lang}`)).json).toMatchObject({ id: lang, live: { number: 3 } })
    const trail = await world.ask('GET', `/audit?subject=${lang}`, admin)
    expect(trail.json).toMatchObject({ events: [{ action: 'rollback' }, { action: 'promote' }, { action: 'promote' }] })
  })
})

test('every answer that is there is of the shape that the document says', async () => {
  const lang = newLang()
  const build = await buildThrough(world.world.queue, newInputs({ lang }))
  const headers = await world.browser(await world.somebody('admin'))
  await world.ask('POST', `/languages/${lang}/deployments`, headers, {})
  await world.ask('POST', '/tokens', headers, { name: 'x', scopes: [], days: 1 })
  const names = { lang, build }
  for (const [id, { method, path, answer }] of Object.entries<Operation>(OPERATIONS)) {
    if (method !== 'GET' || !answer) continue
    const asked = await world.ask(
      'GET',
      path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof names) => names[name]),
      headers,
    )
    expect([id, asked.status]).toEqual([id, 200])
    expect(answer.strict().safeParse(asked.json).error).toBeUndefined()
    expect(Object.keys(asked.json).length).toBeGreaterThan(0)
  }
})

test('what has not changed is not sent again', async () => {
  const first = await world.ask('GET', '/agents')
  const etag = first.headers.get('etag') ?? ''
  const again = await world.ask('GET', '/agents', { 'if-none-match': `"other", W/${etag}` })
  expect(again).toMatchObject({ status: 304, text: '' })
  expect((await world.ask('GET', '/agents', { 'if-none-match': '"other"' })).status).toBe(200)
  expect((await world.ask('HEAD', '/agents')).headers.get('etag')).toBe(etag)
})

test('the document is there for anybody', async () => {
  const { status, json } = await world.ask('GET', '/openapi.json')
  expect(status).toBe(200)
  expect(json).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/api/v1' }] })
})

test('an address that asks too much is told when to come back, others are not', async () => {
  const here = { 'x-test-address': 'one that asks too much' }
  const first = await world.ask('POST', '/builds', here, {})
  expect(first.headers.get('ratelimit-limit')).toBe(String(RATES.write))
  const rest = await Promise.all(Array.from({ length: RATES.write }, () => world.ask('POST', '/builds', here, {})))
  const last = rest.find(({ status }) => status === 429)
  expect(last?.json).toMatchObject({ code: 'too_many_requests', retryAfter: 1 })
  expect(last?.headers.get('retry-after')).toBe('1')
  expect((await world.ask('POST', '/builds', {}, {})).json.code).toBe('signed_out')
})
