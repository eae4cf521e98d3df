import { afterAll, beforeAll, expect, test } from 'vitest'

import { memoryLog } from '#lib/adapters/memory/log.ts'
import { CLIENT, fakeGithub } from '#lib/adapters/next-auth/fake-github.contract.ts'
import { githubSignIn } from '#lib/adapters/next-auth/github.ts'
import { apiWorld } from '../api/world.contract.ts'

let github: Awaited<ReturnType<typeof fakeGithub>>
let world: Awaited<ReturnType<typeof apiWorld>>
const log = memoryLog()
beforeAll(async () => {
  github = await fakeGithub()
  world = await apiWorld((site) => githubSignIn({ ...CLIENT, site, github: github.url, githubApi: github.url, log }))
})
afterAll(async () => {
  await world.end()
  await github.end()
})

const jar = (cookies: readonly string[]) => cookies.map((one) => one.split(';', 1)[0]).join('; ')
let numbers = 100
const somebody = (more: object = {}) => ({ id: ++numbers, login: `user${numbers}`, name: `User ${numbers}`, ...more })

async function begin(to = '/account') {
  const { status, to: location, cookies } = await world.visit('/sign-in/provider', { form: { to } })
  expect(status).toBe(303)
  return { location: location ?? '', cookies, cookie: jar(cookies) }
}
const back = (url: URL, cookie: string) => world.visit(url.pathname + url.search, { cookie })
const loginIn = (cookies: readonly string[]) => cookies.find((one) => /^dragoman=[0-9a-f]{64};/.test(one))?.split(';', 1)[0]

async function signIn(profile: object, to?: string) {
  const { location, cookie } = await begin(to)
  const ended = await back(github.allow(location, profile), cookie)
  return { ...ended, login: loginIn(ended.cookies) }
}
const me = (login: string | undefined) => world.ask('GET', '/me', { cookie: login ?? '' })

test('the page leads to GitHub, by a form whose answer may lead there', async () => {
  const page = await world.visit('/sign-in')
  expect(page.text).toContain('Sign in with GitHub')
  expect(page.headers.get('content-security-policy')).toContain(`form-action 'self' ${github.url};`)
  const { location, cookies } = await begin()
  const asked = new URL(location)
  expect(asked.origin + asked.pathname).toBe(`${github.url}/login/oauth/authorize`)
  expect(Object.fromEntries(asked.searchParams)).toMatchObject({
    client_id: CLIENT.clientId,
    scope: 'read:user',
    code_challenge_method: 'S256',
  })
  for (const one of cookies) expect(one).toMatch(/; HttpOnly; SameSite=Lax/i)
})

test('whoever comes for the first time is a visitor, and the same person the next time', async () => {
  const ada = somebody({ name: 'Ada \u202eLovelace' })
  const first = await signIn(ada, '/dashboard?q=x')
  expect(first).toMatchObject({ status: 303, to: '/dashboard?q=x' })
  const known = await me(first.login)
  expect(known.json).toMatchObject({ name: 'Ada Lovelace', role: 'visitor' })
  const second = await signIn({ ...ada, login: 'renamed', name: null })
  expect((await me(second.login)).json).toEqual(known.json)
  expect(second.login).not.toBe(first.login)
})

test('whom the options name is an admin, at once and when they were not before', async () => {
  const first = await signIn({ id: 1, login: 'root' })
  expect((await me(first.login)).json).toMatchObject({ name: 'root', role: 'admin' })
  await world.query(`UPDATE person SET role = 'visitor' WHERE name = 'root'`)
  expect((await me((await signIn({ id: 1, login: 'root' })).login)).json).toMatchObject({ role: 'admin' })
})

test('another account with the same address or name is somebody else', async () => {
  const [one, two] = [
    await signIn(somebody({ name: 'Eve', email: 'a@example.org' })),
    await signIn(somebody({ name: 'Eve', email: 'a@example.org' })),
  ]
  expect((await me(one.login)).json['id']).not.toBe((await me(two.login)).json['id'])
})

test('a login that was planted before is gone, and not what one is signed in with', async () => {
  const eve = await signIn(somebody())
  const { location, cookie } = await begin()
  const ended = await back(github.allow(location, somebody()), `${cookie}; ${eve.login}`)
  expect(loginIn(ended.cookies)).not.toBe(eve.login)
  expect((await me(eve.login)).json.code).toBe('signed_out')
})

test.each<[string, (url: URL, cookie: string) => readonly [URL, string]]>([
  ['without the state', (url, cookie) => (url.searchParams.delete('state'), [url, cookie])],
  ['with another state', (url, cookie) => (url.searchParams.set('state', 'x'), [url, cookie])],
  ['in another browser', (url) => [url, '']],
  ['with a code that GitHub never gave', (url, cookie) => (url.searchParams.set('code', 'x'), [url, cookie])],
  [
    'with a refusal',
    (url, cookie) => (url.searchParams.delete('code'), url.searchParams.set('error', 'access_denied'), [url, cookie]),
  ],
  ['from another issuer', (url, cookie) => (url.searchParams.set('iss', 'https://evil.example'), [url, cookie])],
  ['without the verifier', (url, cookie) => [url, cookie.replace(/dragoman\.pkce=[^;]*/, 'x=y')]],
])('an answer %s signs nobody in', async (_, spoil) => {
  const { location, cookie } = await begin()
  const [url, cookies] = spoil(github.allow(location, somebody()), cookie)
  const ended = await back(url, cookies)
  expect([ended.status, loginIn(ended.cookies)]).toEqual([303, undefined])
  expect(ended.to).toMatch(/^\/sign-in\?error=\w+$/)
  expect((await world.visit(ended.to ?? '')).text).toContain('role="alert"')
})

test('an answer is good once', async () => {
  const { location, cookie } = await begin()
  const url = github.allow(location, somebody())
  expect(loginIn((await back(url, cookie)).cookies)).toBeDefined()
  expect(loginIn((await back(url, cookie)).cookies)).toBeUndefined()
})

test("one browser's answer is of no use in another's sign-in", async () => {
  const [ada, eve] = [await begin(), await begin()]
  const planted = github.allow(eve.location, somebody())
  expect(loginIn((await back(planted, ada.cookie)).cookies)).toBeUndefined()
})

test.each(['//evil.example', 'https://evil.example/x', '/\\evil.example', 'javascript:alert(1)'])(
  'signing in does not lead to %s',
  async (to) => {
    expect((await signIn(somebody(), to)).to).toBe('/account')
  },
)

test('nor does a cookie that says so', async () => {
  const { location, cookie } = await begin()
  const planted = cookie.replace(/dragoman\.to=[^;]*/, `dragoman.to=${encodeURIComponent('https://evil.example/x')}`)
  const ended = await back(github.allow(location, somebody()), planted)
  expect(ended.to ?? '').not.toContain('evil')
})

test('GitHub being away is told', async () => {
  const { location, cookie } = await begin()
  const url = github.allow(location, { id: 'no number', login: 'x' })
  const ended = await back(url, cookie)
  expect([ended.status, loginIn(ended.cookies)]).toEqual([303, undefined])
})
