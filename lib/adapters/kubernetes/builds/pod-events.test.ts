import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { CoreV1Event } from '@kubernetes/client-node'
import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { kubernetesApi } from '../api.ts'
import { EVENTS_TOLD_MAX, podEvents, wordsOf } from './pod-events.ts'

const event = (second: number, reason: string, message: string, type = 'Warning'): CoreV1Event => ({
  ...{ metadata: {}, involvedObject: {}, type, reason, message },
  firstTimestamp: new Date(second * 1000),
})
const { signal } = new AbortController()

test('what went wrong is told oldest first and once, and nothing of what went as it should', () => {
  const said = [
    event(3, 'Evicted', 'over its disk'),
    event(1, 'FailedMount', 'no volume'),
    event(2, 'FailedMount', 'no volume'),
    event(0, 'Scheduled', 'to a node', 'Normal'),
    event(4, 'Killing', 'stopping container', 'Normal'),
  ]
  expect(wordsOf(said)).toEqual(['FailedMount: no volume', 'Evicted: over its disk', 'Killing: stopping container'])
})

test('an event’s words are one line that moves no cursor, however long', () => {
  expect(wordsOf([event(1, 'BackOff', 'a\u001B[2J\r\nb\u202Ec')])).toEqual(['BackOff: a [2J b c'])
  expect(wordsOf([event(1, 'BackOff', 'x'.repeat(5000))])[0]).toHaveLength(500)
})

test('of one pod so much is told and no more, and of a server that refuses nothing', async () => {
  let items: readonly CoreV1Event[] = []
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.statusCode = items.length > 0 ? 200 : 403
    response.end(JSON.stringify(items.length > 0 ? { items } : { message: 'no right to' }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // a TCP server that listens has one
  const metrics = { count() {}, observe() {}, set() {} }
  const api = kubernetesApi({ url, options: async () => ({}) }, { clock: memoryClock(), metrics })
  const events = podEvents(api, 'builds', 'b1-image-1')

  expect(await events.news(signal)).toEqual([])
  items = [event(1, 'FailedMount', 'no volume')]
  expect(await events.news(signal)).toEqual(['FailedMount: no volume'])
  items = [...items, ...Array.from({ length: 50 }, (_, n) => event(n, 'BackOff', `try ${n}`))]
  expect(await events.news(signal)).toHaveLength(EVENTS_TOLD_MAX - 1)
  expect(await events.news(signal)).toEqual([])
  expect(new URL(asked[0] ?? '', url).searchParams.get('fieldSelector')).toBe(
    'involvedObject.kind=Pod,involvedObject.name=b1-image-1',
  )
  server.close()
})
