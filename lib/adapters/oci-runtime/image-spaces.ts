import type { HeldRoot, ImageRoots, RootRefused } from '#lib/application/ports/image-roots.ts'
import { unlessAborted } from '#lib/application/ports/unless-aborted.ts'
import type { Foundation } from '#lib/domain/foundation.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import type { MountSpace } from './mount-space.ts'

/** Spaces that no sandbox uses are kept for the next start; each holds an open file and its image's folder. */
export const IDLE_SPACES_MAX = 8

export type ImageSpaces = {
  /** The space of the foundation, made at its first use; it stays until everybody has left it. Rejects when the signal says so. */
  enter(foundation: Foundation, signal: AbortSignal): Promise<Result<Entered, RootRefused>>
  close(): void
}
export type Entered = { readonly space: MountSpace; leave(): void }

type Opened = { readonly space: MountSpace; readonly root: HeldRoot }
type Entry = { readonly opened: Promise<Result<Opened, RootRefused>>; users: number }

/** Mount spaces by foundation, so that a start on an image costs no more than one on the machine. */
export function imageSpaces(roots: ImageRoots, open: (root: HeldRoot) => Promise<MountSpace>): ImageSpaces {
  /** The one used longest ago first. */
  const entries = new Map<string, Entry>()
  const closing = new AbortController()

  async function make(foundation: Foundation): Promise<Result<Opened, RootRefused>> {
    const root = await roots.hold(foundation, closing.signal)
    if (!root.ok) return root
    try {
      return ok({ space: await open(root.value), root: root.value })
    } catch (error) {
      root.value.release()
      throw error
    }
  }

  function drop(key: string, entry: Entry): void {
    if (entries.get(key) === entry) entries.delete(key)
    void entry.opened.then(letGo, () => undefined) // what failed never was
  }

  function dropIdle(): void {
    const idle = [...entries].filter(([, { users }]) => users === 0)
    for (const [key, entry] of idle.slice(0, Math.max(0, idle.length - IDLE_SPACES_MAX))) drop(key, entry)
  }

  return {
    async enter(foundation, signal) {
      signal.throwIfAborted()
      const key = `${foundation.image} ${foundation.agent}`
      const entry = entries.get(key) ?? { opened: make(foundation), users: 0 }
      entry.users++
      entries.delete(key)
      entries.set(key, entry)
      let left = false
      const leave = () => {
        if (left) return
        left = true
        entry.users--
        dropIdle()
      }
      try {
        const opened = await unlessAborted(entry.opened, signal)
        if (opened.ok) return ok({ space: opened.value.space, leave })
        leave()
        drop(key, entry)
        return err(opened.error)
      } catch (error) {
        leave()
        if (!signal.aborted) drop(key, entry) // it failed: the next one tries again
        throw error
      }
    },
    close() {
      closing.abort(new Error('The sandboxes are closing'))
      for (const [key, entry] of [...entries]) drop(key, entry)
    },
  }
}

function letGo(opened: Result<Opened, RootRefused>): void {
  if (!opened.ok) return
  opened.value.space.close()
  opened.value.root.release()
}
