import { expect, test } from 'vitest'

import { AGENT_PROTOCOL, isSpoken, serverHello, sharedProtocol } from './agent-words.ts'

const hello = serverHello('key')

test('a server says both ends of what it speaks, and both sides speak the newest', () => {
  expect(hello).toEqual({ type: 'hello', protocol: 2, newest: 3, key: 'key', epoch: 0 })
  expect(sharedProtocol(hello)).toBe(AGENT_PROTOCOL)
})

test.each([
  ['the one before alone', { protocol: 2 }, 2],
  ['a range that ends before ours', { protocol: 1, newest: 2 }, 2],
  ['a range that goes on after ours', { protocol: 3, newest: 4 }, 3],
  ['older ones', { protocol: 0, newest: 1 }, undefined],
  ['newer ones', { protocol: 4, newest: 5 }, undefined],
  ['a range that ends before it begins', { protocol: 3, newest: 2 }, undefined],
])('with a server that speaks %s an agent speaks the newest of both, if any', (_, said, spoken) => {
  expect(sharedProtocol({ type: 'hello', key: 'key', ...said })).toBe(spoken)
})

test('a server goes on with an agent that answers its own protocol or the one before', () => {
  expect([1, 2, 3, 4].map(isSpoken)).toEqual([false, true, true, false])
})
