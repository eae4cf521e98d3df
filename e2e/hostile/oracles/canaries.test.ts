import { expect, test } from 'vitest'

import { canaries } from './canaries.ts'

const SECRET = 'Zm9vYmFyYmF6cXV4'
const world = () => canaries([{ what: 'a file of the host', text: SECRET }])

test('a transcript without secrets passes', () => {
  const heard = world()
  heard.hears(Buffer.from(`uid=1000(visitor) ${SECRET.slice(1)}`))

  expect(heard.failed()).toEqual([])
})

test.each([
  ['as it is', SECRET],
  ['in hexadecimal', Buffer.from(SECRET).toString('hex')],
])('a planted secret is found %s, wherever it is cut', (_, shown) => {
  for (let cut = 0; cut <= shown.length; cut++) {
    const heard = world()
    for (const piece of [`noise ${shown.slice(0, cut)}`, `${shown.slice(cut)} noise`]) heard.hears(Buffer.from(piece))

    expect(heard.failed()).toEqual(['the attacker was shown a file of the host'])
  }
})

test('a secret that comes in single bytes is found', () => {
  const heard = world()
  for (const byte of SECRET) heard.hears(Buffer.from(byte))

  expect(heard.failed()).toHaveLength(1)
})

test('what one attacker was shown does not count against the next', () => {
  const heard = world()
  heard.hears(Buffer.from(SECRET))
  heard.reset()

  expect(heard.failed()).toEqual([])
})

test('a secret that is added later is found too', () => {
  const heard = world()
  heard.add({ what: 'a key', text: 'later' })
  heard.hears(Buffer.from('sooner or later'))

  expect(heard.failed()).toEqual(['the attacker was shown a key'])
})
