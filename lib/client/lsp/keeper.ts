import type { Result } from '#lib/domain/result.ts'

import type { After } from '../ack-pacer.ts'

/** How a language server stands, for its switch. */
export type ServerView =
  | { readonly at: 'off' }
  /** No session yet, or the server is not ready. */
  | { readonly at: 'starting' }
  | { readonly at: 'on' }
  | { readonly at: 'waiting'; readonly words: string }
  | { readonly at: 'failed'; readonly words: string }

/** A server that answers. What ends it by itself is told to whoever opened it. */
export type ServerConnection = { close(): void }
export type Connect = (onEnd: (words: string) => void) => Promise<Result<ServerConnection, string>>

/** Waits before a server that ended is started again; after the last of them it is given up. */
export const RESTART_MS = [1_000, 2_000, 4_000, 8_000, 16_000] as const
/** A server that ran that long has earned a fresh count. */
export const STEADY_MS = 60_000

/** Keeps one language server going while it is wanted and there is a session: starts it, and again when it ends. */
export function serverKeeper(connect: Connect, after: After) {
  let view: ServerView = { at: 'off' }
  let isWanted = false
  let hasSession = false
  let restarts = 0
  /** Of what is under way; anything older that still reports is over. */
  let turn = 0
  let connection: ServerConnection | undefined
  let cancelTimer: (() => void) | undefined
  const watchers = new Set<() => void>()

  function become(next: ServerView) {
    view = next
    for (const changed of watchers) changed()
  }

  function drop() {
    turn += 1
    cancelTimer?.()
    cancelTimer = undefined
    connection?.close()
    connection = undefined
  }

  async function start() {
    drop()
    const mine = turn
    become({ at: 'starting' })
    if (!hasSession) return
    const opened = await connect((words) => mine === turn && failed(words))
    if (mine !== turn) {
      if (opened.ok) opened.value.close()
      return
    }
    if (!opened.ok) return failed(opened.error)
    connection = opened.value
    cancelTimer = after(STEADY_MS, () => (restarts = 0))
    become({ at: 'on' })
  }

  function failed(words: string) {
    drop()
    const wait = RESTART_MS[restarts]
    if (wait === undefined) return become({ at: 'failed', words })
    restarts += 1
    become({ at: 'waiting', words })
    cancelTimer = after(wait, () => void start())
  }

  function begin() {
    restarts = 0
    void start()
  }

  return {
    view: () => view,
    subscribe(changed: () => void) {
      watchers.add(changed)
      return () => void watchers.delete(changed)
    },
    want(wanted: boolean) {
      if (wanted === isWanted && view.at !== 'failed') return
      isWanted = wanted
      if (wanted) return begin()
      drop()
      become({ at: 'off' })
    },
    /** A server lives only as long as its session's connection; with the next one it is started anew. */
    session(isAttached: boolean) {
      if (isAttached === hasSession) return
      hasSession = isAttached
      if (isWanted && view.at !== 'failed') void start()
    },
    close() {
      isWanted = false
      drop()
    },
  }
}
