import type { Socket } from 'node:net'

import type { SandboxNeeds, SandboxRefused, StartPhase } from '#lib/application/ports/sandboxes.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { dialAgent, type Address } from './dial.ts'
import type { PodCalls } from './pod-calls.ts'
import { neverStarts } from './pod-exit.ts'
import { AGENT_PORT } from './pod-names.ts'
import type { PodView } from './pod-view.ts'
import type { PodWatch } from './watch-pods.ts'

/** When nothing came of a pod for this long, the pod itself is looked at: an event may have been lost. */
const LOOK_MS = 5000

/** Where its agent listens, and a connection to it. */
export type Up = { readonly address: Address; readonly open: Socket }

/**
 * Waits until the agent of a pod answers: it is dialled as soon as the pod has an address, long before the cluster calls
 * it ready. What can never start is told at once; what only waits (no node has room, the registry is away) is waited for
 * until the signal.
 */
export async function whenUp(
  pod: PodView,
  { watch, calls }: { readonly watch: PodWatch; readonly calls: PodCalls },
  phase: SandboxNeeds['phase'],
  signal: AbortSignal,
): Promise<Result<Up, SandboxRefused>> {
  const answer = Promise.withResolvers<Result<Up, SandboxRefused>>()
  const over = new AbortController()
  const told = new Set<StartPhase>()
  let last = pod
  let isDialled = false

  const tell = (now: StartPhase) => {
    if (!told.has(now)) phase?.(now)
    told.add(now)
  }

  function dial(host: string): void {
    isDialled = true
    const address = { host, port: AGENT_PORT }
    const dialled = (open: Socket): void => {
      if (over.signal.aborted) return void open.destroy()
      tell('starting')
      answer.resolve(ok({ address, open }))
    }
    dialAgent(address, AbortSignal.any([signal, over.signal]), () => false).then(dialled, () => undefined) // the signal has its own words
  }

  function look(view: PodView | undefined): void {
    if (view && view.uid !== pod.uid) return
    if (!view) return answer.resolve(failed('the pod was taken away'))
    last = view
    tell(phaseOf(view))
    const never = neverStarts(view)
    if (never) answer.resolve(failed(never))
    else if (view.isGoing) answer.resolve(failed('the cluster ended the pod'))
    else if (view.ip !== undefined && !isDialled) dial(view.ip)
  }

  const gaveUp = () => answer.resolve(last.unschedulable ? err({ code: 'no_room' }) : failed(waitedFor(last)))
  const readItself = () => void calls.read(pod.name, AbortSignal.any([signal, over.signal])).then(look, () => undefined)
  look(pod)
  const stop = watch.follow(pod.name, look)
  const looking = setInterval(readItself, LOOK_MS)
  signal.addEventListener('abort', gaveUp, { once: true })
  if (signal.aborted) gaveUp()
  try {
    return await answer.promise
  } finally {
    over.abort()
    stop()
    clearInterval(looking)
    signal.removeEventListener('abort', gaveUp)
  }
}

/** A pod has its address before its image is pulled. */
const phaseOf = (view: PodView): StartPhase => (view.isRunning ? 'starting' : view.isScheduled ? 'pulling' : 'scheduling')

const failed = (why: string) => err({ code: 'start_failed' as const, why })

/** What it was still waiting for when nobody would wait any longer. */
function waitedFor({ waiting, isScheduled, isRunning }: PodView): string {
  const words = waiting && [waiting.reason, waiting.message].filter(Boolean).join(': ')
  const stage = isRunning ? 'its agent does not answer' : isScheduled ? 'its node has not begun it' : 'no node yet'
  return `not up in time: ${words ?? stage}`
}
