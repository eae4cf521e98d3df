import { createServer, type Server, type Socket } from 'node:net'

import type { Link } from './link.ts'

/** Programs that wait for a way; more are told that nobody is there. */
const WAITING_MAX = 64

/**
 * The proxy as the recipe finds it, on a port of the pod that nobody outside reaches: each connection to it goes on over one
 * of the server's own to here. So the pod itself needs no way out.
 */
export function proxyWays() {
  const free: Link[] = []
  const waiting: Socket[] = []
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
    near.on('error', () => near.destroy())
    if (waiting.length >= WAITING_MAX) return void near.destroy()
    waiting.push(near)
    join()
  })

  function join(): void {
    while (free.length > 0 && waiting.length > 0) {
      const [way, near] = [free.shift(), waiting.shift()]
      if (way && near && !near.destroyed) void carry(way, near)
      else if (way) free.unshift(way)
    }
  }

  return {
    server,
    offer(way: Link): void {
      free.push(way)
      way.onClose(() => {
        const at = free.indexOf(way)
        if (at >= 0) free.splice(at, 1)
      })
      join()
    },
  }
}

async function carry(way: Link, near: Socket): Promise<void> {
  way.onClose(() => near.destroy())
  near.once('close', () => way.end())
  const out = async () => {
    await way.say({ type: 'taken' })
    let offset = 0
    for await (const bytes of near as AsyncIterable<Buffer>) offset = await way.data(offset, bytes)
    await way.say({ type: 'end' })
  }
  const back = async () => {
    for (let frame = await way.next(); frame?.kind === 'data'; frame = await way.next()) {
      if (!near.write(frame.bytes)) await new Promise<void>((done) => near.once('drain', done).once('close', done))
    }
    near.end()
  }
  await Promise.allSettled([out(), back()])
}
