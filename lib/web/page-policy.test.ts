import { expect, test } from 'vitest'

import { contentPolicy, keptPagePolicy } from './page-policy.ts'

const directives = (policy: string) =>
  new Map(policy.split('; ').map((line) => [line.split(' ')[0], line.split(' ').slice(1)] as const))

test('scripts run by nonce alone: neither inline nor by eval', () => {
  const scripts = directives(contentPolicy('abc123', false)).get('script-src')

  expect(scripts).toEqual(["'self'", "'nonce-abc123'", "'strict-dynamic'"])
})

test('a page that is kept has the same policy but for its one script, which is known by its text', () => {
  const kept = directives(keptPagePolicy('aGFzaA=='))

  expect(kept.get('script-src')).toEqual(["'self'", "'sha256-aGFzaA=='"])
  expect([...kept.keys()]).toEqual([...directives(contentPolicy('abc123', false)).keys()])
})

test('nothing is loaded from, sent to or framed by another origin', () => {
  const policy = directives(contentPolicy('abc123', false))

  expect(policy.get('default-src')).toEqual(["'self'"])
  expect(policy.get('connect-src')).toEqual(["'self'"])
  expect(policy.get('frame-ancestors')).toEqual(["'none'"])
  expect(policy.get('base-uri')).toEqual(["'none'"])
  expect([...policy.values()].flat().filter((source) => /[*:]/.test(source))).toEqual(['data:'])
})
