import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { V1Pod } from '@kubernetes/client-node'

import { memoryMetrics } from '#lib/adapters/memory/log.ts'
import { systemClock } from '#lib/adapters/system/time.ts'

import { kubernetesApi, type KubernetesApi } from '../api.ts'
import { LABEL, PART_OF } from '../pod-names.ts'

/** One call as the server took it. */
export type Asked = { readonly method: string; readonly path: string; readonly query: URLSearchParams; readonly body: unknown }
type Answer = (response: ServerResponse, asked: Asked) => void

export type ReplayServer = {
  readonly asked: Asked[]
  readonly api: KubernetesApi
  readonly metrics: ReturnType<typeof memoryMetrics>
  /** What the next calls are answered with, in this order; the last goes on answering. */
  lists(...answers: Answer[]): void
  watches(...answers: Answer[]): void
  writes(...answers: Answer[]): void
  close(): Promise<void>
}

/** A real HTTP server that says what an API server says on its odd days. */
export async function replayServer(): Promise<ReplayServer> {
  const asked: Asked[] = []
  const script: Record<'list' | 'watch' | 'write', Answer[]> = { list: [], watch: [], write: [] }
  const server = createServer((request, response) => {
    void replay(request, response)
  })
  async function replay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await take(request)
    asked.push(call)
    const kind = call.method !== 'GET' ? 'write' : call.query.has('watch') ? 'watch' : 'list'
    const answers = script[kind]
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    if (answer) answer(response, call)
    else refuses(500)(response, call)
  }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const metrics = memoryMetrics()
  return {
    asked,
    metrics,
    api: kubernetesApi({ url: `http://127.0.0.1:${port}`, options: async () => ({}) }, { clock: systemClock, metrics }),
    lists: (...answers) => void (script.list = answers),
    watches: (...answers) => void (script.watch = answers),
    writes: (...answers) => void (script.write = answers),
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

/** A list as of a version. */
export const has =
  (version: number, ...items: V1Pod[]): Answer =>
  (response) =>
    void response.end(JSON.stringify({ kind: 'PodList', metadata: { resourceVersion: `${version}` }, items }))

export const refuses =
  (status: number, headers: Record<string, string> = {}, said: { reason?: string; message?: string } = {}): Answer =>
  (response) =>
    void response.writeHead(status, headers).end(JSON.stringify({ kind: 'Status', code: status, ...said }))

/** Says these things of a watch, then ends it, cuts it, or says no more. */
export const tells =
  (events: readonly object[], then: 'ends' | 'cut' | 'silent' = 'silent'): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    for (const event of events) response.write(`${JSON.stringify(event)}\n`)
    if (then === 'ends') response.end()
    if (then === 'cut') setImmediate(() => response.write('{"type":"MODI', () => response.destroy()))
  }

/** A watch that says what it is told to, when it is told to. */
export function talks(): { readonly answer: Answer; say(...events: readonly object[]): void } {
  let hears: ServerResponse | undefined
  const unsaid: object[] = []
  const say = (...events: readonly object[]) => {
    unsaid.push(...events)
    if (hears) for (const event of unsaid.splice(0)) hears.write(`${JSON.stringify(event)}\n`)
  }
  return {
    answer: (response) => {
      hears = response.writeHead(200)
      response.flushHeaders()
      say()
    },
    say,
  }
}

export const added = (pod: V1Pod) => ({ type: 'ADDED', object: pod })
export const modified = (pod: V1Pod) => ({ type: 'MODIFIED', object: pod })
export const deleted = (pod: V1Pod) => ({ type: 'DELETED', object: pod })
export const bookmark = (version: number) => ({ type: 'BOOKMARK', object: { metadata: { resourceVersion: `${version}` } } })
export const failure = (code: number) => ({ type: 'ERROR', object: { kind: 'Status', code } })

/** A pod as the API server tells of it, cut down. */
export const pod = (
  name: string,
  version: number,
  over: { uid?: string; status?: V1Pod['status']; pool?: string } = {},
): V1Pod => ({
  metadata: {
    name,
    uid: over.uid ?? `uid-${name}`,
    resourceVersion: `${version}`,
    labels: { [LABEL.partOf]: PART_OF, [LABEL.kind]: 'session', ...(over.pool && { [LABEL.pool]: over.pool }) },
  },
  spec: { nodeName: 'node1', containers: [{ name: 'sandbox' }] },
  ...(over.status && { status: over.status }),
})

async function take(request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? '/', 'http://replay')
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  const text = Buffer.concat(parts).toString()
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  }
}

/** What a series counted, by the joined values of its labels. */
export const countsOf = (metrics: ReturnType<typeof memoryMetrics>, name: string): Record<string, number> =>
  Object.fromEntries(
    [...metrics.values].flatMap(([key, value]) => (key.startsWith(`${name}{`) ? [[key.slice(name.length + 1, -1), value]] : [])),
  )
