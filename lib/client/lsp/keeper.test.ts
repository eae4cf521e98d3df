import { expect, test } from 'vitest'

import { err, ok } from '#lib/domain/result.ts'

import { RESTART_MS, serverKeeper, STEADY_MS } from './keeper.ts'

/** A clock that stands still, and servers that start and end when told to. */
function world({ refuse = false } = {}) {
  const timers: { at: number; call: () => void }[] = []
  let now = 0
  const servers: { end: (words: string) => void; isClosed: boolean }[] = []
  const keeper = serverKeeper(
    async (onEnd) => {
      const server = { end: onEnd, isClosed: false }
      servers.push(server)
      return refuse ? err('no room') : ok({ close: () => void (server.isClosed = true) })
    },
    (ms, call) => {
      const timer = { at: now + ms, call }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0)
    },
  )
  const settle = () => new Promise<void>((done) => setImmediate(done))
  async function pass(ms: number) {
    now += ms
    for (const timer of timers.filter(({ at }) => at <= now)) {
      timers.splice(timers.indexOf(timer), 1)
      timer.call()
    }
    await settle()
  }
  const running = () => servers.filter(({ isClosed }) => !isClosed).length
  return { keeper, servers, pass, settle, running, timers, at: () => keeper.view().at }
}

test('off -> starting -> on, once it is wanted and there is a session', async () => {
  const { keeper, settle, servers, at } = world()
  expect(at()).toBe('off')
  keeper.want(true)
  expect(at()).toBe('starting')
  await settle()
  expect(servers).toHaveLength(0)

  keeper.session(true)
  await settle()

  expect([at(), servers.length]).toEqual(['on', 1])
})

test('on -> off closes it', async () => {
  const { keeper, settle, running, timers, at } = world()
  keeper.session(true)
  keeper.want(true)
  await settle()
  keeper.want(false)
  expect([at(), running(), timers.length]).toEqual(['off', 0, 0])
})

test('one that ends is started again, later each time, and then given up with a reason', async () => {
  const { keeper, settle, servers, pass, at } = world()
  keeper.session(true)
  keeper.want(true)
  await settle()
  for (const wait of RESTART_MS) {
    servers.at(-1)?.end('exit 1')
    expect(at()).toBe('waiting')
    await pass(wait - 1)
    expect(at()).toBe('waiting')
    await pass(1)
    expect(at()).toBe('on')
  }
  servers.at(-1)?.end('exit 1')
  expect(keeper.view()).toEqual({ at: 'failed', words: 'exit 1' })
  expect(servers).toHaveLength(RESTART_MS.length + 1)
})

test('failed -> on when it is asked for again', async () => {
  const { keeper, settle, pass, servers, at } = world({ refuse: true })
  keeper.session(true)
  keeper.want(true)
  await settle()
  for (const wait of RESTART_MS) await pass(wait)
  expect(keeper.view()).toEqual({ at: 'failed', words: 'no room' })
  keeper.want(true)
  await settle()
  expect([at(), servers.length]).toEqual(['waiting', RESTART_MS.length + 2])
})

test('one that ran for long has its count begun anew', async () => {
  const { keeper, settle, servers, pass, at } = world()
  keeper.session(true)
  keeper.want(true)
  await settle()
  for (let n = 0; n < 2 * RESTART_MS.length; n += 1) {
    await pass(STEADY_MS)
    servers.at(-1)?.end('killed')
    await pass(RESTART_MS[0])
    expect(at()).toBe('on')
  }
})

test('a lost connection ends it without counting, and the next begins it anew', async () => {
  const { keeper, settle, servers, running, at } = world()
  keeper.session(true)
  keeper.want(true)
  await settle()
  keeper.session(false)
  expect([at(), running()]).toEqual(['starting', 0])
  servers[0]?.end('the socket is gone')
  expect(at()).toBe('starting')
  keeper.session(true)
  await settle()
  expect([at(), running()]).toEqual(['on', 1])
})

test('one that is ready after it was switched off is closed', async () => {
  const { keeper, settle, running, at } = world()
  keeper.session(true)
  keeper.want(true)
  keeper.want(false)
  await settle()
  expect([at(), running()]).toEqual(['off', 0])
})
