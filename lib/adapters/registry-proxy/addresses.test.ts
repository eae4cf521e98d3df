import { expect, test } from 'vitest'

import { addressOf, isPrivate } from './addresses.ts'

test.each([
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.100.100.200',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  'fd00::1',
  'fe80::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::7f00:1',
  '::127.0.0.1',
])('%s is private', (address) => expect(isPrivate(address)).toBe(true))

test.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111'])('%s is public', (address) =>
  expect(isPrivate(address)).toBe(false),
)

test('a name that leads to this machine is dialled only where somebody asked for it', async () => {
  await expect(addressOf('127.0.0.1', false)).rejects.toThrow('only private addresses')
  await expect(addressOf('[::1]', false)).rejects.toThrow('only private addresses')
  expect(await addressOf('127.0.0.1', true)).toBe('127.0.0.1')
})
