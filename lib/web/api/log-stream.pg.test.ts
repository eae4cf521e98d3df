import { afterAll, beforeAll, expect, test } from 'vitest'

import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { newRequest, well } from '#lib/application/testing/builds.ts'
import type { Leased } from '#lib/application/ports/build-queue.ts'
import { apiWorld } from './world.contract.ts'

let world: Awaited<ReturnType<typeof apiWorld>>
beforeAll(async () => void (world = await apiWorld()))
afterAll(() => world.end())

const EVENTS = { accept: 'text/event-stream' }

/** A build with its first attempt at work, whose log says what is given. */
async function building(...lines: readonly string[]) {
  const asked = newRequest({ priority: 99 })
  await world.world.queue.request(asked)
  const leased = await world.world.queue.lease('here', 1)
  if (leased?.build !== asked.id) throw new Error('Cannot test: another build was leased')
  const logs = pgBuildLogs(world.database)
  let seq = 0
  const say = async (text: string) => {
    await logs.append(leased, seq++, Buffer.from(text))
    await world.query('NOTIFY dragoman_log')
  }
  for (const line of lines) await say(line)
  return { id: asked.id, say, end: () => endAll(leased) }
}
async function endAll(first: Leased) {
  for (let leased: Leased | undefined = first; leased; leased = await world.world.queue.lease('here', 1)) {
    await world.world.queue.finish(leased, well(leased))
  }
  await world.query('NOTIFY dragoman_log')
}

type Told = { readonly id: string; readonly event: string; readonly data: { readonly text?: string; readonly outcome?: string } }
const parse = (text: string): Told[] =>
  text
    .split('\n\n')
    .filter((block) => block.startsWith('id: '))
    .map((block) => {
      const [id = '', event = '', data = ''] = block.split('\n').map((line) => line.slice(line.indexOf(': ') + 2))
      return { id, event, data: JSON.parse(data) as Told['data'] }
    })
const textIn = (told: readonly Told[]) => told.map(({ data }) => data.text ?? '').join('')

test('a log is read as far as it goes, while the build is at work and after', async () => {
  const { id, say, end } = await building('one\n', 'two\n')
  const read = async () => {
    const { status, text, headers } = await world.ask('GET', `/builds/${id}/log`)
    return { status, text, type: headers.get('content-type') }
  }
  const type = 'text/plain; charset=utf-8'
  expect(await read()).toEqual({ status: 200, type, text: 'one\ntwo\n' })
  await say('three\n')
  await end()
  expect(await read()).toEqual({ status: 200, type, text: 'one\ntwo\nthree\n' })
})

test('who follows gets it as it comes, and an end', async () => {
  const { id, say, end } = await building('one\n')
  const following = world.ask('GET', `/builds/${id}/log`, EVENTS)
  await say('two \u001b[31m<b>\n')
  await end()
  const { text, headers } = await following
  expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const told = parse(text)
  expect(textIn(told)).toBe('one\ntwo \u001b[31m<b>\n')
  expect(told.at(-1)).toMatchObject({ event: 'end', data: { outcome: 'ok' } })
  expect(told.filter(({ event }) => event === 'end')).toHaveLength(1)
})

test('who comes back with the id of any event gets what follows it, and no more', async () => {
  const { id, end } = await building('one\n', 'two\n', 'three\n')
  await end()
  const whole = parse((await world.ask('GET', `/builds/${id}/log`, EVENTS)).text)
  expect(whole.length).toBeGreaterThan(5)
  for (const [at, { id: cursor, event }] of whole.entries()) {
    if (event === 'end') continue
    const by = { ...EVENTS, 'last-event-id': cursor }
    const rest = parse((await world.ask('GET', `/builds/${id}/log`, by)).text)
    expect(textIn(rest)).toBe(textIn(whole.slice(at + 1)))
    expect(rest.at(-1)?.event).toBe('end')
    expect(parse((await world.ask('GET', `/builds/${id}/log?from=${cursor}`, EVENTS)).text)).toEqual(rest)
  }
  expect((await world.ask('GET', `/builds/${id}/log`, { ...EVENTS, 'last-event-id': 'x' })).json.code).toBe('bad_request')
})

test('who goes away in the middle leaves nothing behind', async () => {
  const { id, end } = await building('one\n')
  const gone = new AbortController()
  const answer = await fetch(`${world.origin}/api/v1/builds/${id}/log`, { headers: EVENTS, signal: gone.signal })
  await answer.body?.getReader().read()
  await expect.poll(() => world.waiting()).toBe(1)
  gone.abort()
  await expect.poll(() => world.waiting()).toBe(0)
  await end()
})

test('there is no log of no build', async () => {
  expect(await world.ask('GET', '/builds/b0123456789abcdef/log', EVENTS)).toMatchObject({
    status: 404,
    json: { code: 'no_such_build' },
  })
})
