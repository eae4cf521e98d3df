import type { SandboxExit } from '#lib/application/ports/sandboxes.ts'

import type { PodView } from './pod-view.ts'

/** What the shell adds to a signal's number. */
const SIGNAL_BASE = 128
const SIGKILL = 9
const DEADLINE = 'DeadlineExceeded'

/** How a pod came to its end, from the last that was said of it; undefined while it goes on. */
export function exitOf(view: PodView): SandboxExit | undefined {
  const { ended, disruption, isGoing, isMember, phase } = view
  // Whoever takes the pod away kills its program too: the first cause is the one that counts.
  if (disruption?.reason === DEADLINE) return { reason: 'killed', why: 'the pod outlived its deadline' }
  if (disruption) return { reason: 'lost', why: `${disruption.reason}: ${disruption.message}` }
  // A session has what is left of its time; nobody is to begin one in it.
  if (isGoing && isMember) return { reason: 'lost', why: 'the cluster ends the pod, which nobody has' }
  if (ended?.reason === 'OOMKilled') return { reason: 'memory' }
  if (ended && isGoing) return { reason: 'lost', why: 'the cluster ended the pod' }
  if (ended?.code === 0) return { reason: 'quit' }
  if (ended?.code === SIGNAL_BASE + SIGKILL) return { reason: 'lost', why: 'something killed the agent' }
  if (ended)
    return { reason: 'quit', why: `the agent left with ${ended.signal ? `signal ${ended.signal}` : `code ${ended.code}`}` }
  if (phase === 'Failed' || phase === 'Succeeded') return { reason: 'lost', why: `the pod is ${phase.toLowerCase()}` }
  return undefined
}

/** Of a pod that is not there any more, and that we did not end. */
export const exitOfGone = (last: PodView | undefined): SandboxExit =>
  (last && exitOf(last)) ?? { reason: 'lost', why: 'the cluster ended the pod' }

/** What keeps a container from starting that no waiting mends; the rest may pass, and is waited for until the caller's deadline. */
const HOPELESS: ReadonlySet<string> = new Set([
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
])
/** How registries say that there is no such image. */
const NO_IMAGE = /not ?found|manifest.unknown|name.unknown/i

/** Why this pod will never come up; undefined while it may. */
export function neverStarts(view: PodView): string | undefined {
  const end = exitOf(view)
  if (end) return end.why ?? end.reason
  const { waiting } = view
  if (!waiting) return undefined
  const isHopeless = HOPELESS.has(waiting.reason) || (/ImagePull/.test(waiting.reason) && NO_IMAGE.test(waiting.message))
  return isHopeless ? `${waiting.reason}: ${waiting.message}` : undefined
}
