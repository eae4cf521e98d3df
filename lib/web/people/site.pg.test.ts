import { afterAll, beforeAll, expect, test } from 'vitest'

import { makeAdminLink } from '#lib/application/people/admin-link.ts'
import { csrfOf } from '#lib/application/people/secrets.ts'
import { type Person, type Role, ROLES } from '#lib/domain/person.ts'
import { apiWorld } from '../api/world.contract.ts'

let world: Awaited<ReturnType<typeof apiWorld>>
beforeAll(async () => void (world = await apiWorld()))
afterAll(() => world.end())

async function signedIn(role: Role) {
  const person = await world.somebody(role)
  return { person, ...(await browserOf(person)) }
}
async function browserOf(person: Person) {
  const { cookie = '' } = await world.browser(person)
  return { cookie, csrf: csrfOf(cookie.slice('dragoman='.length)) }
}
const loginIn = (cookies: readonly string[]) => cookies.map((one) => /^dragoman=([0-9a-f]{64});/.exec(one)?.[1])[0]

test('a stranger is sent to sign in, and sees no account and no trail', async () => {
  expect(await world.visit('/account')).toMatchObject({ status: 303, to: '/sign-in' })
  expect(await world.visit('/audit')).toMatchObject({ status: 303, to: '/sign-in?to=/audit' })
  const page = await world.visit('/sign-in')
  expect(page.status).toBe(200)
  expect(page.headers.get('cache-control')).toBe('private, no-store')
  expect(page.text).toContain('npx dragoman admin-link')
})

test('an admin link is opened without effect, used by its form, and then used up', async () => {
  const link = await makeAdminLink(world.world)
  for (let n = 0; n < 3; n++) {
    const page = await world.visit(`/sign-in/admin?link=${link}`)
    expect([page.status, page.cookies]).toEqual([200, []])
  }
  const became = await world.visit('/sign-in/admin', { form: { link } })
  expect(became).toMatchObject({ status: 303, to: '/account' })
  expect(became.cookies.join()).toMatch(/; HttpOnly; SameSite=Lax/)
  const account = await world.visit('/account', { cookie: `dragoman=${loginIn(became.cookies)}` })
  expect(account.text).toContain('<strong>admin</strong>')
  const again = await world.visit('/sign-in/admin', { form: { link } })
  expect(again).toMatchObject({ status: 303, to: '/sign-in?error=link', cookies: [] })
})

test('a login that somebody planted is not what one is signed in with', async () => {
  const eve = await signedIn('visitor')
  const became = await world.visit('/sign-in/admin', { cookie: eve.cookie, form: { link: await makeAdminLink(world.world) } })
  expect(loginIn(became.cookies)).not.toBe(eve.cookie.slice('dragoman='.length))
  expect((await world.visit('/account', { cookie: eve.cookie })).to).toBe('/sign-in')
})

test('an admin link is not used for a page of another site', async () => {
  const link = await makeAdminLink(world.world)
  const foreign = { origin: 'https://evil.example' }
  expect((await world.visit('/sign-in/admin', { form: { link }, headers: foreign })).to).toBe('/sign-in?error=form')
  expect((await world.visit('/sign-in/admin', { form: { link } })).to).toBe('/account')
})

test.each(['//evil.example', 'https://evil.example', '/\\evil.example'])('who signs in is not sent to %s', async (to) => {
  const { cookie } = await signedIn('visitor')
  expect(await world.visit(`/sign-in?to=${encodeURIComponent(to)}`, { cookie })).toMatchObject({ status: 303, to: '/account' })
})

test('signing out ends the login, and needs the word of the page', async () => {
  const { cookie, csrf } = await signedIn('visitor')
  await world.visit('/sign-out', { cookie, form: { csrf: 'f'.repeat(64) } })
  expect((await world.visit('/account', { cookie })).status).toBe(200)
  const out = await world.visit('/sign-out', { cookie, form: { csrf } })
  expect(out).toMatchObject({ status: 303, to: '/' })
  expect(out.cookies.join()).toContain('dragoman=; Path=/; Max-Age=0')
  expect((await world.visit('/account', { cookie })).to).toBe('/sign-in')
})

test('a token is made by a form, shown once, works, and is revoked by a form', async () => {
  const { cookie, csrf } = await signedIn('contributor')
  const made = await world.visit('/account/tokens', { cookie, form: { csrf, name: '<b>ci</b>', build: 'yes', days: '30' } })
  const secret = /drg_[0-9a-f]{64}/.exec(made.text)?.[0] ?? ''
  expect(secret).not.toBe('')
  expect(made.text).not.toContain('<b>ci</b>')
  const me = () => world.ask('GET', '/me', { authorization: `Bearer ${secret}` })
  expect(await me()).toMatchObject({ status: 200, json: { scopes: ['build'] } })

  const account = await world.visit('/account', { cookie })
  expect(account.text).not.toContain(secret)
  const token = /name="token" value="(t[0-9a-f]{16})"/.exec(account.text)?.[1] ?? ''
  expect(await world.visit('/account/revoke', { cookie, form: { csrf, token } })).toMatchObject({ status: 303, to: '/account' })
  expect((await me()).json.code).toBe('bad_token')
})

test('a form that says nothing sensible changes nothing and says why', async () => {
  const { cookie, csrf } = await signedIn('visitor')
  for (const form of [{ name: '' }, { name: 'x', days: '1e9' }, { name: 'x'.repeat(61), days: '7' }]) {
    const answer = await world.visit('/account/tokens', { cookie, form: { csrf, ...form } })
    expect([answer.status, answer.text.includes('role="alert"')]).toEqual([400, true])
  }
  expect((await world.visit('/account', { cookie })).text).toContain('You have none')
})

test.each(ROLES)('a %s sees of people, roles and the trail what the role allows', async (role) => {
  const { cookie, csrf } = await signedIn(role)
  const other = await world.somebody('visitor')
  await world.somebody('admin')
  const isAdmin = role === 'admin'
  const account = await world.visit('/account', { cookie })
  expect(account.text.includes(other.id)).toBe(isAdmin)
  const trail = await world.visit('/audit', { cookie })
  expect(trail.status).toBe(isAdmin || role === 'maintainer' ? 200 : 403)

  await world.visit('/account/role', { cookie, form: { csrf, person: other.id, role: 'contributor' } })
  expect((await world.world.people.find(other.id))?.role).toBe(isAdmin ? 'contributor' : 'visitor')
})

test('stored text that tries mark-up or to turn the reading round is text', async () => {
  const { cookie } = await signedIn('admin')
  const name = `"><script>alert(1)</script>`
  await world.query('UPDATE person SET name = $1 WHERE id = $2', [name, (await world.somebody('visitor')).id])
  const { text } = await world.visit('/account', { cookie })
  expect(text).toContain('&#60;script&#62;alert(1)')
  expect(text).not.toContain('<script>alert')
})
