import { EventEmitter } from 'node:events'

import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'

import { ATTACHMENT_MS, type Connection, watchAttachments } from './attachments.ts'

function world() {
  const clock = memoryClock()
  const events = new EventEmitter()
  const socket = { bytesRead: 0 }
  let closed = 0
  const connection: Connection = Object.assign(events, { close: () => void closed++, request: { socket } })
  watchAttachments(connection, clock)
  return {
    clock,
    socket,
    says: (data: unknown) => events.emit('data', data),
    end: () => events.emit('close'),
    closed: () => closed,
  }
}

test('a peer that announces bytes and falls silent is closed', () => {
  const { clock, says, closed } = world()
  says('51-["input",0,{"_placeholder":true,"num":0}]')
  clock.advance(ATTACHMENT_MS - 1)
  expect(closed()).toBe(0)
  clock.advance(1)
  expect(closed()).toBe(1)
})

test('while bytes arrive it is waited for', () => {
  const { clock, socket, says, closed } = world()
  says('62-["x"]')
  for (let n = 0; n < 10; n++) {
    socket.bytesRead++
    clock.advance(ATTACHMENT_MS)
  }
  says(Buffer.from('a'))
  clock.advance(ATTACHMENT_MS - 1)
  says(Buffer.from('b'))
  clock.advance(10 * ATTACHMENT_MS)
  expect(closed()).toBe(0)
})

test('what announces nothing is not waited for, nor one that is gone', () => {
  const { clock, says, end, closed } = world()
  says('2["input",0]')
  says('50-["input"]')
  clock.advance(10 * ATTACHMENT_MS)
  says('51-["input"]')
  end()
  clock.advance(10 * ATTACHMENT_MS)
  expect(closed()).toBe(0)
})
