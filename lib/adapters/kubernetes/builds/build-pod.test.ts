import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { V1Pod } from '@kubernetes/client-node'
import { afterEach, expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { kubernetesApi } from '../api.ts'
import { BuildPod } from './build-pod.ts'

const ends: (() => void)[] = []
afterEach(() => ends.splice(0).forEach((end) => end()))

/** Starts a pod at an API server that takes it, and says this of it for ever. */
async function startedWith(status: V1Pod['status']) {
  const asked: string[] = []
  const events = [{ type: 'Warning', reason: 'FailedMount', message: 'no volume', metadata: {}, involvedObject: {} }]
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.replace(/\?.*/, '')}`)
    request.resume()
    response.end(JSON.stringify(request.url?.includes('/events') ? { items: events } : { metadata: {}, status }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  ends.push(
    () => void server.close(),
    () => server.closeAllConnections(),
  )
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // a TCP server that listens has one
  const metrics = { count() {}, observe() {}, set() {} }
  const api = kubernetesApi({ url, options: async () => ({}) }, { clock: memoryClock(), metrics })
  let said = ''
  const log = (text: string) => void (said += text)
  const spec = { metadata: { name: 'b1-image-1' } }
  const started = await BuildPod.start(
    { api, spec, namespace: 'builds', key: 'k', startMs: 100, log },
    new AbortController().signal,
  )
  return { started, said, asked }
}

test('a pod that finds no room is no lost place: its step is tried as often as any, and it is removed', async () => {
  const unplaced = { type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }
  const { started, said, asked } = await startedWith({ phase: 'Pending', conditions: [unplaced] })

  const why = 'Pod b1-image-1 cannot start: no node has room: 0/3 nodes are available'
  expect(started).toEqual({ ok: false, error: { code: 'infra', why } })
  expect(said).toBe('Waiting: no node has room: 0/3 nodes are available\n')
  expect(asked.at(-1)).toBe('DELETE /api/v1/namespaces/builds/pods/b1-image-1')
})

test('one that has a node and does not start is, and its log says what the cluster says of it', async () => {
  const waiting = { reason: 'ContainerCreating' }
  const container = { name: 'recipe', state: { waiting } } as never
  const { started, said } = await startedWith({ phase: 'Pending', containerStatuses: [container] })

  const why = 'Pod b1-image-1: it cannot start: ContainerCreating'
  expect(started).toEqual({ ok: false, error: { code: 'infra', why, placeLost: true } })
  expect(said).toBe(`Waiting: ContainerCreating\nThe cluster: FailedMount: no volume\n${why}\n`)
})
