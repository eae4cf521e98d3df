import { expect, test } from 'vitest'

import { inTurn, visitorAt } from './turns.ts'

const order = (waiting: string[], held: string[] = []) =>
  inTurn(waiting.map(visitorAt), held.map(visitorAt)).map(({ address }) => address)

test('a network is the /24 or the /48 around an address; what is no address stands alone', () => {
  expect(visitorAt('192.0.2.77').network).toBe('192.0.2.0/24')
  expect(visitorAt('2001:db8:0:1::/64').network).toBe('2001:db8:0::/48')
  expect(visitorAt('adopted').network).toBe('adopted')
})

test('alike, whoever came first is first', () => {
  expect(order(['10.0.0.1', '10.0.1.1', '10.0.2.1'])).toEqual(['10.0.0.1', '10.0.1.1', '10.0.2.1'])
})

test('whoever holds less is served before whoever came first', () => {
  expect(order(['10.0.0.1', '10.0.1.1'], ['10.0.0.1'])).toEqual(['10.0.1.1', '10.0.0.1'])
})

test('a crowd behind one address waits for its own turns', () => {
  expect(order(['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.1.1', '10.0.2.1', '10.0.1.1'])).toEqual([
    '10.0.0.1',
    '10.0.1.1',
    '10.0.2.1',
    '10.0.0.1',
    '10.0.1.1',
    '10.0.0.1',
  ])
})

test('a crowd of addresses in one network is one crowd, in which each address has its turn', () => {
  expect(order(['10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.9.9'])).toEqual([
    '10.0.0.1',
    '10.0.9.9',
    '10.0.0.2',
    '10.0.0.3',
    '10.0.0.1',
  ])
})
