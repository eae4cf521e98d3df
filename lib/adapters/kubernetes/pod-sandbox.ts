import type { Socket } from 'node:net'

import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Sandbox, SandboxExit } from '#lib/application/ports/sandboxes.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import type { Limits } from '#lib/domain/limits.ts'

import { addressText, dialAgent, type Address } from './dial.ts'
import type { PodCalls } from './pod-calls.ts'
import { exitOf, exitOfGone } from './pod-exit.ts'
import type { Requests } from './pod-spec.ts'
import type { PodView } from './pod-view.ts'
import type { PodWatch } from './watch-pods.ts'

/** Who asks for an end waits no longer than this; it is asked for on and on meanwhile. */
const END_WAIT_MS = 5000
/** An API server that was away for longer finds the pod in the next sweep. */
const END_MS_MAX = 10 * 60_000
const NOTE_MS_MAX = 60_000
/** What becomes of a wish to grow: of the call, and then of the node. */
const OUTCOMES: ReadonlySet<string> = new Set(['asked', 'refused', 'gone', 'deferred', 'infeasible'])

export type PodParts = {
  readonly id: SandboxId
  readonly key: string
  readonly address: Address
  /** Undefined when it was adopted by its address alone, until the watch says it. */
  readonly uid: string | undefined
  readonly watch: PodWatch
  readonly calls: PodCalls
  readonly canary?: Sandbox['canary']
  /** A connection that is open already; the first to dial gets it. */
  readonly open?: Socket
  readonly ownIds: boolean
  /** What it is reckoned at once somebody has it, where pods can grow. */
  readonly grown?: (limits: Limits) => Requests
  readonly metrics: Metrics
  /** This server stops; the pod goes on. */
  readonly closing: AbortSignal
  /** It is over; what was made for it here can go. */
  forget(): void
}

/** One pod that is up. Whoever ends it first, the cluster, its program or we, it is taken away once. */
export function podSandbox(parts: PodParts): Sandbox {
  const { id, key, address, watch, calls } = parts
  const exit = Promise.withResolvers<SandboxExit>()
  let { uid, open } = parts
  let last: PodView | undefined
  let isOver = false
  let destroyed: Promise<void> | undefined
  open?.once('close', () => (open = undefined)).on('error', () => undefined)
  const hangUp = () => open?.destroy()
  parts.closing.addEventListener('abort', hangUp, { once: true })

  function over(how: SandboxExit): void {
    if (isOver) return
    isOver = true
    stopFollowing()
    hangUp()
    parts.closing.removeEventListener('abort', hangUp)
    parts.forget()
    exit.resolve(how)
  }

  const stopFollowing = watch.follow(id, (view) => {
    // What is said of another pod of this name is not said of this one.
    if (view && uid !== undefined && view.uid !== uid) return
    uid ??= view?.uid
    if (view?.notGrown !== undefined && view.notGrown !== last?.notGrown) tellGrown(view.notGrown.toLowerCase())
    last = view ?? last
    const how = view ? exitOf(view) : exitOfGone(last)
    if (!how) return
    // Its end may be heard while the follower is still being set up.
    queueMicrotask(() => {
      over(destroyed ? { reason: 'killed' } : how)
      if (view && !destroyed) void remove().catch(() => undefined) // an ended pod stays an object until it is deleted
    })
  })

  function tellGrown(outcome: string): void {
    parts.metrics.count('dragoman_k8s_pods_grown_total', { outcome: OUTCOMES.has(outcome) ? outcome : 'other' })
  }

  const remove = () => calls.remove(id, uid, AbortSignal.timeout(END_MS_MAX))

  async function end(): Promise<void> {
    const removed = remove().then(() => over({ reason: 'killed' }))
    removed.catch(() => undefined)
    await Promise.race([removed, new Promise((done) => setTimeout(done, END_WAIT_MS).unref())])
  }

  return {
    id,
    key,
    address: addressText(address),
    ...(parts.canary && { canary: parts.canary }),
    ownIds: parts.ownIds,
    async dial(signal) {
      signal.throwIfAborted()
      const ready = open
      open = undefined
      if (ready && !ready.destroyed && ready.readable) return ready
      return dialAgent(address, signal, () => isOver)
    },
    mark: async () => {},
    // What the kernel counted is in the pod's own control group, which only its node can read.
    read: async () => undefined,
    exited: exit.promise,
    destroy: () => (destroyed ??= end()),
    async claimed(limits) {
      if (uid === undefined) return
      const signal = AbortSignal.timeout(NOTE_MS_MAX)
      if (watch.get(id)?.isMember !== false) await calls.claimed(id, uid, signal)
      if (parts.grown && !isOver) tellGrown(await calls.grow(id, uid, parts.grown(limits), signal))
    },
  }
}
