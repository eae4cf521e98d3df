import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'

import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'

import type { Cluster } from './cluster.ts'

/** All that this house ever asks of a cluster; `k8s/base` grants exactly this, and a test compares the two. */
export const API_VERBS = {
  events: ['list'],
  pods: ['create', 'delete', 'get', 'list', 'patch', 'watch'],
  'pods/resize': ['patch'],
} as const satisfies Record<string, readonly string[]>
type Resource = keyof typeof API_VERBS
type Verb = (typeof API_VERBS)[Resource][number]

const METHOD = { create: 'POST', delete: 'DELETE', get: 'GET', list: 'GET', patch: 'PATCH', watch: 'GET' } as const
const CHANGES: ReadonlySet<Verb> = new Set<Verb>(['create', 'delete', 'patch'])

/** Longest wait for an answer to begin; the server's own limit on a call that is no watch is a minute. */
const ANSWER_MS_MAX = 15_000
/** A page of a list of pods is far below it. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024
/** Between tries of a call that found nobody: doubled each time, each somewhere between half and whole. */
const PAUSE_MS = { first: 200, max: 5000 }
/** When the server has too much to do and does not say for how long. */
const RETRY_AFTER_MS = 1000

export type ApiCall = {
  readonly verb: Verb
  readonly resource: Resource
  readonly namespace: string
  /** Of one object; without it, of all in the namespace. */
  readonly name?: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** A change by JSON patch, which says what must be so first. */
  readonly jsonPatch?: boolean
}

/** The API server's own words for why it does not. */
export class ApiRefused extends Error {
  readonly status: number
  readonly reason: string
  readonly retryAfterMs: number | undefined
  constructor({ verb, resource, name = '' }: ApiCall, status: number, said: Said, retryAfterMs?: number) {
    super(`Cannot ${verb} ${resource} ${name}: ${status} ${said.message ?? said.reason ?? ''}`.trim().slice(0, 500))
    this.status = status
    this.reason = said.reason ?? ''
    this.retryAfterMs = retryAfterMs
  }
}
type Said = { readonly message?: string; readonly reason?: string }

/** A right that was not granted answers 403 too, and is no lack of room. */
export const quotaIsSpent = (error: ApiRefused): boolean => error.status === 403 && error.message.includes('exceeded quota')

export type KubernetesApi = ReturnType<typeof kubernetesApi>

/** Calls of one cluster's API, counted. Nothing of what they carry is kept. */
export function kubernetesApi(cluster: Cluster, { clock, metrics }: { clock: Clock; metrics: Metrics }) {
  /**
   * The parsed answer. What only says "later" (429, 5xx, nobody there) is asked again until the signal, so every call must
   * be one that may be repeated. Rejects with {@link ApiRefused} on any other refusal.
   */
  async function call(asked: ApiCall, signal: AbortSignal): Promise<unknown> {
    for (let waitMs = PAUSE_MS.first; ; waitMs = Math.min(2 * waitMs, PAUSE_MS.max)) {
      try {
        const answer = await open(asked, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]))
        return JSON.parse(await textOf(answer)) as unknown
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error
        const least = error instanceof ApiRefused ? (error.retryAfterMs ?? 0) : 0
        await pause(Math.max(least, waitMs * (0.5 + Math.random() / 2)), undefined, { signal })
      }
    }
  }

  /** The answer when its head is there and is no refusal; its body stays to be read. Asks once. */
  async function open(asked: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
    signal.throwIfAborted()
    const from = clock.now()
    const tell = (code: string) =>
      metrics.observe(
        'dragoman_k8s_request_duration_seconds',
        { verb: asked.verb, resource: asked.resource, code },
        (clock.now() - from) / 1000,
      )
    if (CHANGES.has(asked.verb)) metrics.count('dragoman_k8s_writes_total', { verb: asked.verb })
    const answer = await send(asked, signal).catch((error: unknown) => {
      tell('none')
      throw error
    })
    const status = answer.statusCode ?? 0
    tell(`${status}`)
    if (status < 300) return answer
    throw new ApiRefused(asked, status, said(await textOf(answer)), retryAfter(answer))
  }

  async function send(asked: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(cluster.url)
    url.pathname = `${url.pathname.replace(/\/$/, '')}${pathOf(asked)}` // a gateway may have it below a path of its own
    url.search = new URLSearchParams(asked.query).toString()
    const options = await cluster.options()
    const body = asked.body === undefined ? undefined : Buffer.from(JSON.stringify(asked.body))
    const headers = { ...options.headers, accept: 'application/json', ...(body && bodyHeaders(asked, body)) }
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, {
        ...options,
        method: METHOD[asked.verb],
        headers,
        signal,
      })
      request.once('response', resolve)
      request.on('error', reject)
      request.end(body)
    })
  }

  return { call, open }
}

function pathOf({ resource, namespace, name }: ApiCall): string {
  const [kind, ...part] = resource.split('/')
  return ['/api/v1/namespaces', namespace, kind, ...(name === undefined ? [] : [name]), ...part].join('/')
}

/** With its length: without it Node sends a DELETE's body in a way that servers take for none. */
const bodyHeaders = ({ jsonPatch }: ApiCall, body: Buffer) => ({
  'content-type': jsonPatch ? 'application/json-patch+json' : 'application/json',
  'content-length': body.length,
})

/** Nobody there, or somebody who says "later"; never a fault of our own. */
const isPassing = (error: unknown) =>
  error instanceof ApiRefused ? error.status === 429 || error.status >= 500 : !(error instanceof TypeError)

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`Cannot read an answer of the API server: over ${ANSWER_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function said(text: string): Said {
  try {
    const { message, reason } = JSON.parse(text) as { message?: unknown; reason?: unknown }
    return { ...(typeof message === 'string' && { message }), ...(typeof reason === 'string' && { reason }) }
  } catch {
    return { message: text.slice(0, 200) } // a proxy in between speaks no JSON
  }
}

function retryAfter(answer: IncomingMessage): number | undefined {
  const seconds = Number(answer.headers['retry-after'])
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000
  return answer.statusCode === 429 ? RETRY_AFTER_MS : undefined
}
