import { setTimeout as pause } from 'node:timers/promises'

import { afterEach, expect, test } from 'vitest'

import { ownServer } from '../../cli/own-server.ts'
import { browser } from './browser.ts'
import { wireTo } from './wire.ts'

/** Proxies hang up on who says nothing for a minute. */
const IDLE_MS = 60_000
const WATCHED_MS = 75_000

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

test('a proxy that hangs up on the silent keeps a socket on which nobody types; one that reloads cuts it, and it resumes', async () => {
  const server = await ownServer('fault-proxy', { DRAGOMAN_POOL_MEMORY_MIB: '0' })
  closing.push(() => server.stop())
  const proxy = await wireTo({ port: Number(new URL(server.url).port), host: 'localhost' })
  closing.push(proxy.close)
  proxy.hangUpAfter(IDLE_MS)
  const visit = async () => {
    const visitor = await browser(`http://localhost:${proxy.port}`)
    closing.push(visitor.close)
    return visitor
  }
  const visitor = await visit()
  const session = await visitor.started('bash')
  await visitor.saw('$ ')
  await pause(WATCHED_MS)
  expect(visitor.told.closed).toBeUndefined()
  visitor.type('echo still-$((40+2))\n')
  await visitor.saw('still-42\r\n')

  proxy.set('cut')
  await visitor.until(() => visitor.told.closed)
  await expect(visit()).rejects.toThrow()
  proxy.set('passes')
  const seen = visitor.end()
  const again = await visit()
  expect(await again.resume(session, seen)).toMatchObject({ ok: true, value: { from: seen } })
  again.type('echo back-$((40+2))\n')
  await again.saw('back-42\r\n')
})
