import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

import { expect, test } from 'vitest'

import { controlFrame } from '#lib/protocol/frame.ts'
import { RunnerLink } from './runner-link.ts'

const SILENCE_MS = 300

/** A link to somebody who takes everything and does this. */
async function linked(speak: (socket: Socket) => void) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.resume())
    speak(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo // a TCP server that listens has one
  const link = await RunnerLink.open('127.0.0.1', 'key', { type: 'hold' }, port)
  const pings = setInterval(() => link.ping(), SILENCE_MS / 10)
  return {
    link,
    [Symbol.dispose]() {
      clearInterval(pings)
      link[Symbol.dispose]()
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('who says nothing is given up, however much is said to them', async () => {
  using world = await linked(() => undefined)
  world.link.silenceMs = SILENCE_MS
  await expect(world.link.next()).rejects.toThrow('it said nothing for 0.3 s')
})

test('who says something now and then is not', async () => {
  let words = 0
  using world = await linked((socket) => {
    const speaks = setInterval(() => socket.write(controlFrame({ type: 'ping' })), SILENCE_MS / 3)
    socket.once('close', () => clearInterval(speaks)).on('error', () => undefined)
  })
  world.link.silenceMs = SILENCE_MS
  for (; words < 6; words++) expect(await world.link.next()).toEqual({ kind: 'said', said: { type: 'ping' } })
})
