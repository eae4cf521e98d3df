import { expect, test } from 'vitest'

import { pathHere, readForm, setLogin } from './forms.ts'

test.each([
  ['/dashboard', '/dashboard'],
  ['/dashboard?q=a#b', '/dashboard?q=a'],
  ['//evil.example', '/account'],
  ['/\\evil.example', '/account'],
  ['/\t/evil.example', '/account'],
  ['/%09/evil.example/../..', '/account'],
  ['/..//evil.example', '/account'],
  ['https://evil.example/', '/account'],
  ['javascript:alert(1)', '/account'],
  ['evil.example', '/account'],
  ['/a\r\nSet-Cookie: x', '/account'],
  ['', '/account'],
  [null, '/account'],
])('after signing in, %j leads to %s', (wanted, path) => {
  expect(pathHere(wanted)).toBe(path)
})

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const OURS = { ...FORM, origin: 'http://here.example', host: 'here.example' }
const sent = (headers: Record<string, string>, body: string) =>
  readForm(new Request('http://here.invalid/', { method: 'POST', headers, body }), { origins: [] })

test('a form is read when a page of this site sent it', async () => {
  const form = await sent(OURS, 'a=1&b=2&b=3')
  expect([form?.('a'), form?.('b'), form?.('c')]).toEqual(['1', '', ''])
})

test.each([
  [FORM],
  [{ ...OURS, origin: 'http://evil.example' }],
  [{ ...OURS, origin: 'null' }],
  [{ ...OURS, 'content-type': 'text/plain' }],
  [{ ...OURS, 'content-type': 'multipart/form-data; boundary=x' }],
])('and from nowhere else: %o', async (headers) => {
  expect(await sent(headers, 'a=1')).toBeUndefined()
})

test('the cookie of a login is for this site, and no script reads it', () => {
  expect(setLogin('s', true)).toMatch(/^__Host-dragoman=s; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/)
  expect(setLogin('s', false)).toMatch(/^dragoman=s; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
})
