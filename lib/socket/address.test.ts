import { expect, test } from 'vitest'

import { addressOf } from './address.ts'

const request = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: forwarded ? { 'x-forwarded-for': forwarded } : {} }) as Parameters<typeof addressOf>[0]

test.each([
  ['the peer, where no proxy is trusted', request('192.0.2.1', '6.6.6.6'), 0, '192.0.2.1'],
  ['what the one proxy saw', request('10.0.0.1', '6.6.6.6, 192.0.2.7'), 1, '192.0.2.7'],
  ['what the outer of two proxies saw', request('10.0.0.1', '192.0.2.7, 10.0.0.2'), 2, '192.0.2.7'],
  ['the peer, where the header is too short', request('10.0.0.1', '192.0.2.7'), 2, '10.0.0.1'],
  ['the peer, where the header holds no address', request('10.0.0.1', 'evil'), 1, '10.0.0.1'],
  ['IPv4 inside IPv6', request('::ffff:192.0.2.1'), 0, '192.0.2.1'],
  ['an IPv6 network, not one of its addresses', request('2001:db8:1:2:3:4:5:6'), 0, '2001:db8:1:2::/64'],
  ['the same network written short', request('2001:db8:1:2::1'), 0, '2001:db8:1:2::/64'],
  ['loopback', request('::1'), 0, '0:0:0:0::/64'],
])('an address is %s', (_, asked, hops, expected) => {
  expect(addressOf(asked, hops)).toBe(expected)
})
