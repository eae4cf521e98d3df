import type { After } from './ack-pacer.ts'

/** A session as a tab remembers it through a reload. */
export type KeptSession = {
  readonly session: string
  readonly token: string
  /** Offset at which the output of the last job begins; what is before it belongs into the scrollback. */
  readonly screenFrom: number
}

/** How long a tab waits for its own earlier page to let go of the session; one that a copy of the tab holds is not let go. */
export const CLAIM_MS = 1_000

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
type Locks = Pick<LockManager, 'request'>

export type TabSession = {
  /** The session this tab had before its reload, unless another tab holds it: a duplicated tab gets a copy of the storage. */
  take(): Promise<KeptSession | undefined>
  keep(kept: KeptSession): void
  forget(): void
}

/**
 * Remembers one language's session per tab. `locks` is missing where the page is not served securely; then two tabs with
 * one session are told apart by the server, which gives it to the newer.
 */
export function tabSession(lang: string, store: Store, locks: Locks | undefined, after: After): TabSession {
  const key = `dragoman.session.${lang}`
  let release: (() => void) | undefined
  let held: string | undefined

  async function hold(session: string): Promise<boolean> {
    if (!locks || held === session) return true
    release?.()
    held = session
    const giveUp = new AbortController()
    const cancel = after(CLAIM_MS, () => giveUp.abort())
    return new Promise((resolve) => {
      const whenHeld = () => {
        cancel()
        resolve(true)
        return new Promise<void>((done) => (release = done))
      }
      locks.request(`${key}.${session}`, { signal: giveUp.signal }, whenHeld).catch(() => {
        held = undefined
        resolve(false)
      })
    })
  }

  return {
    async take() {
      const kept = parse(store.getItem(key))
      if (!kept || (await hold(kept.session))) return kept
      store.removeItem(key)
      return undefined
    },
    keep(kept) {
      try {
        store.setItem(key, JSON.stringify(kept))
      } catch {
        // A full or forbidden storage costs the return after a reload, nothing else.
      }
      void hold(kept.session)
    },
    forget() {
      store.removeItem(key)
      release?.()
      release = held = undefined
    },
  }
}

function parse(text: string | null): KeptSession | undefined {
  if (text === null) return undefined
  try {
    const { session, token, screenFrom } = JSON.parse(text) as Record<string, unknown>
    const isWhole = typeof session === 'string' && typeof token === 'string' && typeof screenFrom === 'number'
    return isWhole ? { session, token, screenFrom } : undefined
  } catch {
    return undefined
  }
}
