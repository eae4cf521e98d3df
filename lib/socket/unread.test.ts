import { EventEmitter } from 'node:events'

import { expect, test } from 'vitest'

import { LOOK_EVERY, UNREAD_BYTES_MAX, watchUnread } from './unread.ts'

function world({ sent = 0, waiting = [] as (string | Uint8Array)[] }) {
  let isCut = false
  const socket = { writableLength: sent, destroy: () => (isCut = true) }
  const connection = Object.assign(new EventEmitter(), { request: { socket }, writeBuffer: waiting.map((data) => ({ data })) })
  watchUnread(connection)
  for (let n = 0; n < LOOK_EVERY; n++) connection.emit('data')
  return isCut
}

test.each([
  ['nothing waits', {}, false],
  ['as much waits in the kernel’s queue as may', { sent: UNREAD_BYTES_MAX }, false],
  ['more waits there', { sent: UNREAD_BYTES_MAX + 1 }, true],
  ['an answer waits that is as large', { waiting: [new Uint8Array(UNREAD_BYTES_MAX)] }, true],
  ['a window of single bytes waits', { waiting: Array.from({ length: 8_000 }, () => new Uint8Array(1)) }, false],
  ['answers wait that are small and many', { waiting: Array.from({ length: 20_000 }, () => '3{"ok":false}') }, true],
])('when %s', (_, unread, isCut) => {
  expect(world(unread)).toBe(isCut)
})
