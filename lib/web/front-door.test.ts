import { expect, test } from 'vitest'

import { frontDoor, TARGET_CHARS_MAX } from './front-door.ts'
import type { Found } from './services.ts'

const find = (name: string): Found => (name.toLowerCase() === 'py' ? { kind: 'alias', id: 'python' } : { kind: 'none', near: [] })

test.each([
  ['GET', '/python', undefined],
  ['GET', '/py', { status: 301, location: '/python' }],
  ['GET', '/PY?theme=dark', { status: 301, location: '/python?theme=dark' }],
  ['GET', '/_next/static/x.js', undefined],
  ['GET', '/%2e%2e', { status: 404 }],
  ['GET', '/%zz', { status: 400 }],
  ['GET', '//evil.example', { status: 400 }],
  ['GET', '/\\evil.example', { status: 400 }],
  ['GET', 'http://evil.example/', { status: 400 }],
  ['GET', '/python%00', { status: 400 }],
  ['POST', '/', { status: 405 }],
  ['TRACE', '/python', { status: 405 }],
  ['GET', `/${'x'.repeat(TARGET_CHARS_MAX - 1)}`, undefined],
  ['GET', `/${'x'.repeat(TARGET_CHARS_MAX)}`, { status: 414 }],
])('%s %s: %o', (method, target, answer) => {
  const turned = frontDoor(method, target, find)

  if (answer === undefined) expect(turned).toBeUndefined()
  else expect(turned).toMatchObject(answer)
})

test('what takes other methods gets them, on an address that could be of this site', () => {
  const answersTo = (method: string, path: string) => method === 'POST' && path === '/sign-out'
  const turned = (method: string, target: string) => frontDoor(method, target, find, answersTo)

  expect(turned('POST', '/sign-out?x')).toBeUndefined()
  expect(turned('PUT', '/sign-out')).toMatchObject({ status: 405 })
  expect(turned('POST', '//sign-out')).toMatchObject({ status: 400 })
})
