import { expect, test } from 'vitest'

import { AGENT_PROTOCOL, isSpoken, serverHello, sharedProtocol } from './agent-words.ts'

const hello = serverHello('key')

test('a server says the protocol before where agents of that time look, and both speak the newest', () => {
  expect(hello).toEqual({ type: 'hello', protocol: 1, newest: 2, key: 'key' })
  expect(sharedProtocol(hello)).toBe(AGENT_PROTOCOL)
})

test.each([
  ['the one before alone', { protocol: 1 }, 1],
  ['a range that ends before ours', { protocol: 0, newest: 1 }, 1],
  ['a range that goes on after ours', { protocol: 2, newest: 3 }, 2],
  ['older ones', { protocol: -1, newest: 0 }, undefined],
  ['newer ones', { protocol: 3, newest: 4 }, undefined],
  ['a range that ends before it begins', { protocol: 2, newest: 1 }, undefined],
])('with a server that speaks %s an agent speaks the newest of both, if any', (_, said, spoken) => {
  expect(sharedProtocol({ type: 'hello', key: 'key', ...said })).toBe(spoken)
})

test('a server goes on with an agent that answers its own protocol or the one before', () => {
  expect([0, 1, 2, 3].map(isSpoken)).toEqual([false, true, true, false])
})
