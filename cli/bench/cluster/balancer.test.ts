import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'

import { tcpBalancer } from './balancer.ts'

const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

/** A balancer before servers that say their names. */
async function world(...names: readonly string[]) {
  const balancer = await tcpBalancer()
  closers.push(balancer.close)
  const servers = await Promise.all(
    names.map(async (name) => {
      let isReady = true
      const server = createServer(({ url }, answer) => answer.writeHead(url === '/readyz' && !isReady ? 503 : 200).end(name))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      balancer.add(url)
      const close = () => {
        server.close()
        server.closeAllConnections()
      }
      closers.push(close)
      return { close, turnAway: () => (isReady = false) }
    }),
  )
  return { servers, ask: () => textOf(balancer.url) }
}

const textOf = (url: string) =>
  new Promise<string>((done, fail) => {
    get(url, { agent: false }, (answer) => {
      answer.setEncoding('utf8').once('data', done)
    }).once('error', fail)
  })

test('connections go to the servers in turn', async () => {
  const { ask } = await world('a', 'b')
  expect([await ask(), await ask(), await ask(), await ask()].sort()).toEqual(['a', 'a', 'b', 'b'])
})

test('what a server that just died refuses, the next one takes', async () => {
  const { ask, servers } = await world('a', 'b')
  servers[0]?.close()
  expect([await ask(), await ask()]).toEqual(['b', 'b'])
})

test('a server that is not ready is given no more', async () => {
  const { ask, servers } = await world('a', 'b')
  servers[1]?.turnAway()
  await expect.poll(async () => [await ask(), await ask()], { timeout: 5000 }).toEqual(['a', 'a'])
})

test('with no server left a connection is closed', async () => {
  const { ask, servers } = await world('a')
  servers[0]?.close()
  await expect(ask()).rejects.toThrow()
})
