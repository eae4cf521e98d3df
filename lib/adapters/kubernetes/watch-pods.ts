import type { IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

import type { V1Pod, V1PodList } from '@kubernetes/client-node'

import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'

import { ApiRefused, type KubernetesApi } from './api.ts'
import { linesOf } from './lines.ts'
import { isNewer, podCache, type PodCache } from './pod-cache.ts'
import { selectorOf, type PodKind } from './pod-names.ts'
import { viewOf } from './pod-view.ts'
import { untilAborted } from './until-aborted.ts'

/** The server ends a watch after this, so that a new one proves it alive; its bookmarks may be 75 s apart. */
const WATCH_SECONDS = 50
/** Without a word for this long, whatever holds the connection is not believed. */
const SILENCE_MS = 60_000
/** All is listed again so often, whatever the watch says. */
const RELIST_MS = 5 * 60_000
const LIST_MS_MAX = 60_000
/** Pods in one answer. */
const PAGE = 500
/** Between tries: doubled each time, each somewhere between half and whole. */
const PAUSE_MS = { first: 250, max: 10_000 }
/** How often the age of the last word is told. */
const TELL_MS = 5000

/** Why a watch was begun again. */
type Ended = 'ended' | 'gone' | 'silent' | 'lost' | 'refused' | 'error' | 'stale_list'
/** After these nothing was missed that the next watch does not tell. */
const RESUMES: ReadonlySet<Ended> = new Set<Ended>(['ended', 'lost', 'refused'])

export type WatchOptions = {
  readonly api: KubernetesApi
  readonly clock: Clock
  readonly metrics: Metrics
  readonly namespace: string
  readonly kind: PodKind
  /** Shorter ones, for tests. */
  readonly silenceMs?: number
  readonly relistMs?: number
  readonly pauseMs?: { readonly first: number; readonly max: number }
}

/** A cache of our pods of one kind, kept by a list and a watch that distrust each other. */
export type PodWatch = Pick<PodCache, 'get' | 'all' | 'follow'> & {
  /** When all were listed for the first time. */
  ready(signal: AbortSignal): Promise<void>
  /** Milliseconds since the cluster last said anything. */
  ageMs(): number
  /** The time of day by the cluster's clock, to a second; ours may be another. */
  clusterMs(): number
  close(): void
}

/**
 * Lists, then watches from there. It lists again on 410, after silence, every few minutes, and when the server says an
 * error; a watch that merely ended or was cut goes on at the last version heard. An API server that is away costs nothing
 * but news: what is known stays known.
 */
export function watchPods(options: WatchOptions): PodWatch {
  const { api, clock, metrics, namespace, kind } = options
  const { silenceMs = SILENCE_MS, relistMs = RELIST_MS, pauseMs = PAUSE_MS } = options
  const cache = podCache()
  const closed = new AbortController()
  const listed = Promise.withResolvers<void>()
  let version = ''
  let listedAt = -Infinity
  let heardAt = clock.now()
  let clusterAheadMs = clock.today().getTime() - clock.now()
  let stopTelling = () => {}

  const query = { labelSelector: selectorOf(kind) }
  const seen = (to: string | undefined) => {
    heardAt = clock.now()
    if (to !== undefined && (version === '' || isNewer(to, version))) version = to
  }

  /** `stale_list` when the answer is older than what we know: another server of the cluster lags behind. */
  async function list(): Promise<Ended | undefined> {
    const from = clock.now()
    const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(LIST_MS_MAX)])
    const views = []
    let asOf = ''
    let next = ''
    do {
      const page = { ...query, limit: `${PAGE}`, ...(next && { continue: next }) }
      const { items, metadata } = (await api.call(
        { verb: 'list', resource: 'pods', namespace, query: page },
        signal,
      )) as V1PodList
      views.push(...items.map(viewOf))
      asOf = metadata?.resourceVersion ?? ''
      next = (metadata as { continue?: string } | undefined)?.continue ?? '' // the client's type names it otherwise
    } while (next)
    heardAt = clock.now()
    if (version !== '' && isNewer(version, asOf)) return 'stale_list'
    cache.replace(views, asOf)
    version = asOf
    listedAt = clock.now()
    metrics.observe('dragoman_k8s_relist_seconds', { kind }, (listedAt - from) / 1000)
    listed.resolve()
    return undefined
  }

  /** Hears one watch to its end. */
  async function watch(): Promise<Ended> {
    const silent = new AbortController()
    let cancel = () => {}
    const again = () => {
      cancel()
      cancel = clock.after(silenceMs, () => silent.abort())
    }
    again()
    try {
      const watchQuery = { ...query, watch: '1', allowWatchBookmarks: 'true', resourceVersion: version }
      const answer = await api.open(
        { verb: 'watch', resource: 'pods', namespace, query: { ...watchQuery, timeoutSeconds: `${WATCH_SECONDS}` } },
        AbortSignal.any([closed.signal, silent.signal]),
      )
      seen(undefined)
      const today = Date.parse(answer.headers.date ?? '')
      if (Number.isFinite(today)) clusterAheadMs = today - clock.now()
      return await hear(answer, again)
    } catch (error) {
      if (silent.signal.aborted) return 'silent'
      if (!(error instanceof ApiRefused)) return error instanceof SyntaxError ? 'error' : 'lost'
      if (error.status === 410) return 'gone'
      if (error.retryAfterMs !== undefined) await pause(error.retryAfterMs, undefined, { signal: closed.signal })
      return 'refused'
    } finally {
      cancel()
    }
  }

  async function hear(answer: IncomingMessage, again: () => void): Promise<Ended> {
    for await (const line of linesOf(answer)) {
      const event = JSON.parse(line) as { type: string; object: V1Pod & { code?: number } }
      if (event.type === 'ERROR') return event.object.code === 410 ? 'gone' : 'error'
      again()
      seen(event.object.metadata?.resourceVersion)
      if (event.type === 'ADDED' || event.type === 'MODIFIED') cache.put(viewOf(event.object))
      else if (event.type === 'DELETED') cache.remove(viewOf(event.object))
    }
    return 'ended'
  }

  async function run(): Promise<void> {
    let mustList = true
    let failures = 0
    while (!closed.signal.aborted) {
      const from = clock.now()
      const refused: Ended | undefined = mustList || from - listedAt >= relistMs ? await list().catch(howListFailed) : undefined
      const how: Ended = refused ?? (await watch())
      if (closed.signal.aborted) return
      metrics.count('dragoman_k8s_watch_restarts_total', { reason: how })
      mustList = refused !== undefined || !RESUMES.has(how)
      failures = how === 'ended' || clock.now() - from > pauseMs.max ? 0 : failures + 1
      const waitMs = Math.min(pauseMs.first * 2 ** (failures - 1), pauseMs.max)
      if (failures > 0) await pause(jittered(waitMs), undefined, { signal: closed.signal })
    }
  }

  function tellAge(): void {
    metrics.set('dragoman_k8s_watch_last_event_age_seconds', { kind }, (clock.now() - heardAt) / 1000)
    stopTelling = clock.after(TELL_MS, tellAge)
  }

  tellAge()
  run().catch(() => undefined) // closed while it paused
  return {
    get: cache.get,
    all: cache.all,
    follow: cache.follow,
    ready: (signal) => untilAborted(listed.promise, signal),
    ageMs: () => clock.now() - heardAt,
    clusterMs: () => clock.now() + clusterAheadMs,
    close() {
      stopTelling()
      closed.abort(new Error('The watch is closed'))
    },
  }
}

/** A page of a list that took too long is forgotten by the server (410): the next list begins anew. */
const howListFailed = (error: unknown): Ended =>
  error instanceof ApiRefused ? (error.status === 410 ? 'gone' : 'refused') : 'lost'

const jittered = (ms: number) => ms * (0.5 + Math.random() / 2)
