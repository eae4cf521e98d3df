import type { PodView } from './pod-view.ts'

/** The next state of a pod, or undefined when it is gone; then nothing more comes. */
export type Hear = (view: PodView | undefined) => void

/** Ids of pods that are gone, kept so that what is said of them late is not believed; the oldest are forgotten. */
const GONE_MAX = 10_000

export type PodCache = ReturnType<typeof podCache>

/**
 * What is known of the cluster's pods. It may be told anything twice, late or in another order: what is older than what it
 * holds changes nothing, and who is gone does not come back. What it never heard of, the next whole list tells it.
 */
export function podCache() {
  const pods = new Map<string, PodView>()
  const gone = new Set<string>()
  const heard = new Map<string, Set<Hear>>()

  const tell = (name: string, view: PodView | undefined) => {
    for (const hear of [...(heard.get(name) ?? [])]) hear(view)
  }

  function bury({ name, uid }: PodView): void {
    gone.add(uid)
    if (gone.size > GONE_MAX) for (const oldest of gone) if (gone.size > GONE_MAX) gone.delete(oldest)
    const known = pods.get(name)
    if (known && known.uid !== uid) return // an earlier one of the name
    pods.delete(name)
    tell(name, undefined)
  }

  function put(view: PodView): void {
    if (gone.has(view.uid)) return
    const known = pods.get(view.name)
    if (known && !isNewer(view.version, known.version)) return
    if (known && known.uid !== view.uid) bury(known)
    pods.set(view.name, view)
    tell(view.name, view)
  }

  return {
    put,

    /** `view` is its last state. */
    remove(view: PodView): void {
      if (gone.has(view.uid)) return
      put(view)
      bury(view)
    },

    /** All there are as of a version: who is missing is gone, unless it came after. */
    replace(views: readonly PodView[], version: string): void {
      const names = new Set(views.map(({ name }) => name))
      for (const known of [...pods.values()]) {
        if (!names.has(known.name) && !isNewer(known.version, version)) bury(known)
      }
      for (const view of views) put(view)
    },

    get: (name: string): PodView | undefined => pods.get(name),
    all: (): readonly PodView[] => [...pods.values()],

    /** Tells what is known at once, and then every change, until the answer is called. */
    follow(name: string, hear: Hear): () => void {
      const others = heard.get(name) ?? new Set()
      heard.set(name, others.add(hear))
      const known = pods.get(name)
      if (known) hear(known)
      return () => {
        others.delete(hear)
        if (others.size === 0 && heard.get(name) === others) heard.delete(name)
      }
    },
  }
}

const NUMBER = /^\d+$/

/** Versions are numbers that only grow; one that is no number, from another kind of store, counts as news. */
export function isNewer(version: string, known: string): boolean {
  if (!NUMBER.test(version) || !NUMBER.test(known)) return version !== known
  return version.length === known.length ? version > known : version.length > known.length
}
